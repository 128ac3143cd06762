// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "isogloss/index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const fuzz::InputFile file(fuzz::text_of(data, size));
  const auto index = map_term_index(file.path());
  if (!index) return 0;
  (void)(*index)->verify();
  IndexQuery query;
  const std::vector<TermWeight> terms{{"common", 1}, {"word7", 2}, {"rare300", 1}, {"none", 1}};
  (void)(*index)->search(terms, query);
  const IdSet some(std::vector<std::int64_t>{1, 5, 64, 299});
  query.filter = &some;
  (void)(*index)->search(terms, query);
  for (const TermWeight& term : terms) (void)(*index)->document_frequency(term.term);
  return 0;
}
