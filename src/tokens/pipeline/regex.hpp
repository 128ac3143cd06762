// SPDX-License-Identifier: Apache-2.0
// Regular expressions of tokenizer files, on PCRE2 with its JIT compiler. The files are written for Oniguruma; what the
// two read differently is rewritten first (regex_syntax.hpp).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// Immutable and thread-safe.
class Regex {
 public:
  // `owner` says whose it is in errors: "tokenizer.json: pre_tokenizer.pattern". Error{invalid_argument},
  // Error{unsupported}: what is wrong with the expression.
  static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern, std::string_view owner);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Calls found(begin, end) for every match from left to right; empty matches are skipped over by one character as
  // Oniguruma's and Rust's iterators do. place(at) is the byte of the user's text that byte `at` came from.
  // Error{unsupported}: a match takes more than kMaxSteps, or more memory than kMaxMemory: an exploding expression must
  // not hang a server. It names the expression, its owner and the place. REQUIRES: `text` is UTF-8.
  template <class Found, class Place>
  Status each_match(std::string_view text, Found&& found, Place&& place) const {
    Match match(*this);
    for (;;) {
      switch (match.next(text)) {
        case Outcome::match:
          found(match.begin, match.end);
          break;
        case Outcome::end:
          return {};
        case Outcome::gave_up:
          return gave_up(place(match.end), match.code);
      }
    }
  }
  static constexpr std::uint32_t kMaxSteps = 10'000'000;
  static constexpr std::uint32_t kMaxMemory = 64 * 1024;  // KiB

 private:
  enum class Outcome { match, end, gave_up };
  struct Compiled;
  struct Match {
    explicit Match(const Regex& owner);
    ~Match();
    Match(const Match&) = delete;
    Match& operator=(const Match&) = delete;
    Outcome next(std::string_view text);
    std::size_t begin = 0;
    std::size_t end = 0;  // also where the search for the next match begins
    int code = 0;         // PCRE2's, when it gave up
    const Regex& regex;
    void* data;
    bool started = false;
  };
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unexpected<Error> gave_up(std::size_t at, int code) const;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace isogloss::tokens
