// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "input/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  for (const char separator : {',', '\t'}) {
    input::CsvParser parser(fuzz::text_of(data, size), separator);
    std::vector<std::string> cells;
    std::size_t rows = 0;
    for (auto more = parser.next(cells); more && *more; more = parser.next(cells)) {
      fuzz::require(++rows <= size + 1, "every row takes at least a byte");
      fuzz::require(!cells.empty(), "a row has a cell");
    }
  }
  return 0;
}
