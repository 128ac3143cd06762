// SPDX-License-Identifier: Apache-2.0
// Regular expressions of tokenizer files, on PCRE2 with its JIT compiler. The files are written for Oniguruma; for the
// syntax they use both agree, but PCRE2's Unicode tables are older (version 14): code points assigned later match no \p.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// Immutable and thread-safe.
class Regex {
 public:
  // Error{invalid_argument} with the place and reason.
  static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Calls found(begin, end) for every match from left to right; empty matches are skipped over by one character as
  // Oniguruma's and Rust's iterators do. A match that takes more than 10 million steps is given up: from there on there
  // are no matches (an exploding pattern must not hang a server). REQUIRES: `text` is UTF-8.
  template <class Found>
  void each_match(std::string_view text, Found&& found) const {
    Match match(*this);
    while (match.next(text)) found(match.begin, match.end);
  }

 private:
  struct Compiled;
  struct Match {
    explicit Match(const Regex& owner);
    ~Match();
    Match(const Match&) = delete;
    Match& operator=(const Match&) = delete;
    bool next(std::string_view text);
    std::size_t begin = 0;
    std::size_t end = 0;
    const Regex& regex;
    void* data;
    bool started = false;
  };
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace isogloss::tokens
