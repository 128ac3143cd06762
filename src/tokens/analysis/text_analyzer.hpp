// SPDX-License-Identifier: Apache-2.0
// The one Analyzer, with its two stages open for those who count millions of words: split() into a reused WordBuffer,
// and a WordMapper that turns a split word into a term once per distinct word (TermTable does that).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/analysis/pattern.hpp"
#include "tokens/analysis/stemmer.hpp"
#include "tokens/analysis/word_buffer.hpp"
#include "tokens/analysis/word_map.hpp"

namespace isogloss::tokens {

// Stage two: stop words and stemming. Holds scratch memory: one per thread. REQUIRES: outlived by its analyzer.
class WordMapper {
 public:
  // The term of a split word, or nothing for a stop word. Valid until the next call; may view `word` itself.
  std::optional<std::string_view> map(std::string_view word) {
    if (stop_words_->size() != 0 && stop_words_->find(word) != WordMap::kNone) return std::nullopt;
    if (stemmer_ == nullptr) return word;
    stemmer_->stem(word, stem_);
    return stem_;
  }

 private:
  friend class TextAnalyzer;
  WordMapper(const WordMap& stop_words, std::unique_ptr<Stemmer> stemmer)
      : stop_words_(&stop_words), stemmer_(std::move(stemmer)) {}
  const WordMap* stop_words_;
  std::unique_ptr<Stemmer> stemmer_;
  std::string stem_;
};

// Immutable and thread-safe.
class TextAnalyzer final : public Analyzer {
 public:
  static Result<std::shared_ptr<const TextAnalyzer>> make(const AnalyzerSpec& spec);

  const AnalyzerSpec& spec() const override { return spec_; }
  void analyze(std::string_view text, std::vector<Term>& out) const override;

  // Stage one: out.words() are the words before stop words and stemming; word i has position i.
  void split(std::string_view text, Offsets offsets, WordBuffer& out) const;
  // Lower case and accents alone: out.text(), no words. What n-grams of characters are taken from.
  void normalize(std::string_view text, Offsets offsets, WordBuffer& out) const;

  bool maps_words() const { return stop_words_.size() != 0 || stems_; }  // false: stage two changes nothing
  WordMapper mapper() const;

 private:
  TextAnalyzer() = default;
  AnalyzerSpec spec_;
  bool stems_ = false;
  WordMap stop_words_;
  std::optional<RunPattern> runs_;              // of letters, blank and simple patterns
  std::unique_ptr<const WordPattern> pattern_;  // of the others
};

using TextAnalyzerPtr = std::shared_ptr<const TextAnalyzer>;

}  // namespace isogloss::tokens
