// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "isogloss/tokens.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto spec = analyzer_spec_from_json(fuzz::text_of(data, size), "input");
  if (!spec) return 0;
  const auto again = analyzer_spec_from_json(to_json(*spec), "written");
  fuzz::require(again.has_value(), "what was written can be read");
  const auto analyzer = make_analyzer(*spec);
  if (!analyzer) return 0;
  const std::string_view text = "The caf\xC3\xA9s' \xFF 3.14 cats weren't";
  std::vector<Term> terms;
  (*analyzer)->analyze(text, terms);
  for (const Term& term : terms)
    fuzz::require(term.begin <= term.end && term.end <= text.size(), "a term lies in the text");
  return 0;
}
