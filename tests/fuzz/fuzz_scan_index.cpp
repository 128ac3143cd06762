// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "isogloss/index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const fuzz::InputFile file(fuzz::text_of(data, size));
  const auto index = map_scan_index(file.path());
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
