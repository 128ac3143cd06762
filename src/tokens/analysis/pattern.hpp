// SPDX-License-Identifier: Apache-2.0
// Words as matches of a regular expression.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "isogloss/result.hpp"
#include "tokens/analysis/word_buffer.hpp"

namespace isogloss::tokens {

// A pattern whose matches are plain runs of one class, which split_runs finds without a regular expression.
struct RunPattern {
  CharClass char_class = CharClass::word;
  std::uint32_t min_length = 1;
};

// The RunPattern equal to `pattern`, if it is one of the forms "\w+", "\b\w\w+\b" (scikit-learn's), "\S+", with or
// without (?u) and \b, with any number of \w.
std::optional<RunPattern> as_run_pattern(std::string_view pattern);

// A compiled PCRE2 pattern (UTF, Unicode properties: \w is Python's). Immutable and thread-safe.
class WordPattern {
 public:
  // Error{invalid_argument} with the place and reason; more than one group is refused, as scikit-learn does.
  static Result<std::unique_ptr<const WordPattern>> compile(std::string_view pattern);
  ~WordPattern();

  // Fills out.words() with all matches, left to right; with one group, what the group holds (empty when it took no
  // part). Empty matches of a pattern without group are left out.
  void split(WordBuffer& out) const;

 private:
  struct Compiled;
  explicit WordPattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace isogloss::tokens
