// SPDX-License-Identifier: Apache-2.0
// Texts into numbered terms. Stop words and stems are looked up once per distinct word, not once per word: the table
// remembers which term every split word became.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokens/analysis/text_analyzer.hpp"

namespace isogloss::tokens {

// Terms numbered in order of first occurrence: the same texts in the same order give the same numbers. Not thread-safe.
class TermTable {
 public:
  static constexpr std::uint32_t kNone = WordMap::kNone;  // the place of a stop word

  explicit TermTable(TextAnalyzerPtr analyzer);

  // Replaces `terms` by one number per split word of `text`, kNone where a stop word stood; the index is the position.
  // New terms get the next numbers. (words)
  void add_text(std::string_view text, std::vector<std::uint32_t>& terms);

  std::size_t size() const { return direct_ ? words_.size() : terms_.size(); }
  // Valid until the next add_text. REQUIRES: id < size().
  std::string_view term(std::uint32_t id) const { return direct_ ? words_.word(id) : terms_.word(id); }
  std::uint32_t find(std::string_view term) const { return direct_ ? words_.find(term) : terms_.find(term); }
  // The terms, numbered as here; the table is empty afterwards.
  WordMap release() { return std::move(direct_ ? words_ : terms_); }
  std::size_t bytes() const { return words_.bytes() + terms_.bytes() + term_of_.capacity() * sizeof(std::uint32_t); }
  const TextAnalyzer& analyzer() const { return *analyzer_; }

 private:
  std::uint32_t new_word(std::uint32_t id);

  TextAnalyzerPtr analyzer_;
  bool direct_;  // words are terms
  WordMapper mapper_;
  WordBuffer buffer_;
  WordMap words_;                       // split words
  std::vector<std::uint32_t> term_of_;  // (words) term of each split word; unused when direct
  WordMap terms_;
};

// The same against a fixed set of terms, numbered as in `columns`. Holds scratch memory and remembered words: one per
// thread. REQUIRES: `columns` outlives it.
class TermFinder {
 public:
  static constexpr std::uint32_t kNone = WordMap::kNone;         // the place of a stop word
  static constexpr std::uint32_t kUnknown = WordMap::kNone - 1;  // of a word that is none of the terms

  TermFinder(TextAnalyzerPtr analyzer, const WordMap& columns);
  // (words)
  void find_text(std::string_view text, std::vector<std::uint32_t>& terms);

 private:
  TextAnalyzerPtr analyzer_;
  const WordMap* columns_;
  bool direct_;
  WordMapper mapper_;
  WordBuffer buffer_;
  WordMap words_;
  std::vector<std::uint32_t> term_of_;
};

}  // namespace isogloss::tokens
