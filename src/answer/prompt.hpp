// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/collection.hpp"
#include "isogloss/result.hpp"

namespace isogloss::answer {

// The prompt for a language model: `text` with {question} and {context} filled in (the built-in one when empty). The
// context numbers the passages [1], [2] ... with their source. Error{invalid_argument} when a slot is missing or unknown.
Result<std::string> fill_prompt(std::string_view text, std::string_view question, std::span<const Hit> passages);

// Citation numbers in an answer: [2], [1, 3], [1-3]. Numbers that were not given (1..known) are taken out of `answer` and
// returned in `wrong`; the good ones, ascending, in `cited`.
struct CheckedCitations {
  std::vector<std::size_t> cited;
  std::vector<std::size_t> wrong;
};
CheckedCitations check_citations(std::string& answer, std::size_t known);

// The same for an answer that comes in pieces and is shown as it comes: what of it can be shown, with no mark that
// check_citations() would remove.
class CitationStream {
 public:
  explicit CitationStream(std::size_t known) : known_(known) {}
  std::string take(std::string_view piece);
  std::string rest();

 private:
  std::size_t known_;
  std::string pending_;
};

}  // namespace isogloss::answer
