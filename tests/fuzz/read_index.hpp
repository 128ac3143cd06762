// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <vector>
#include "fuzz.hpp"

#include "isogloss/index.hpp"

namespace isogloss::fuzz {

// Everything that can be asked of a saved vector index which `map` opens.
inline int read_vector_index(const std::uint8_t* data, std::size_t size,
                             Result<std::unique_ptr<VectorIndex>> (*map)(const std::filesystem::path&)) {
  const InputFile file(text_of(data, size));
  const auto index = map(file.path());
  if (!index) return 0;
  (void)(*index)->verify();
  Context context;
  const Vectors query = Vectors::dense(1, (*index)->options().dim);
  IndexQuery limits;
  (void)(*index)->search(query.view(), limits, context);
  limits.exact = true;
  (void)(*index)->search(query.view(), limits, context);
  limits.exact = false;
  const IdSet some(std::vector<std::int64_t>{1, 5, 64, 299});
  limits.filter = &some;
  (void)(*index)->search(query.view(), limits, context);
  (void)(*index)->row(5);
  const std::int64_t gone[] = {5, 64};
  (void)(*index)->remove(gone);
  return 0;
}

}  // namespace isogloss::fuzz
