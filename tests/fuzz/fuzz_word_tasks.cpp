// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/word_data.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
  if (const auto rows = evaluation::parse_lines(text, "input", 2)) {
    for (const auto& row : *rows) fuzz::require(row.size() >= 2, "every row has the cells asked for");
  }
  if (const auto words = evaluation::parse_string_list(text, "input")) {
    for (const std::string& word : *words)
      fuzz::require(!word.empty() && word.size() < size, "words come from the text");
  }
  return 0;
}
