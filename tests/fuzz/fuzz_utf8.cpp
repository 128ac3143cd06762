// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text = fuzz::text_of(data, size);
  const std::string repaired = utf8_repair(text);
  fuzz::require(utf8_valid(repaired), "repaired text is valid");
  fuzz::require(!utf8_valid(text) || repaired == text, "valid text stays as it is");
  fuzz::require(utf8_count(text) == utf8_count(repaired), "repairing keeps the number of code points");
  fuzz::require(utf8_valid(text.substr(0, utf8_valid_prefix(text))), "the valid prefix is valid");
  fuzz::require(utf8_from_code_points(utf8_to_code_points(text)) == repaired, "code points and back");
  for (const std::string& out :
       {to_lower_full(text), to_lower_simple(text), case_fold(text), strip_accents(text),
        normalize_decomposed(text, Decomposing::compatible), normalize_decomposed(text, Decomposing::canonical)}) {
    fuzz::require(utf8_valid(out), "what is made of any text is valid");
  }
  return 0;
}
