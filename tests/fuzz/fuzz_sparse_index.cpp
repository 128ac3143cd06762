// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "isogloss/index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const fuzz::InputFile file(fuzz::text_of(data, size));
  const auto index = map_sparse_index(file.path());
  if (!index) return 0;
  (void)(*index)->verify();
  Vectors query = Vectors::sparse((*index)->options().dim);
  if (query.dim() > 7) query.append_sparse(std::vector<std::uint32_t>{0, 3, 7}, std::vector<float>{1, 2, 0.5F});
  IndexQuery limits;
  (void)(*index)->search(query, limits, Context{});
  const IdSet some(std::vector<std::int64_t>{1, 5, 64, 299});
  limits.filter = &some;
  (void)(*index)->search(query, limits, Context{});
  const std::int64_t gone[] = {5, 64};
  (void)(*index)->remove(gone);
  return 0;
}
