// SPDX-License-Identifier: Apache-2.0
// The features of a text as strings, one call each: n-grams of characters and of words joined by blanks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/analysis/term_table.hpp"
#include "tokens/counting/feature_spec.hpp"

namespace isogloss::tokens {

// Holds scratch memory: one per thread.
class FlatFeatures {
 public:
  FlatFeatures(TextAnalyzerPtr analyzer, const FeatureSpec& spec);

  // Calls sink(std::string_view) for every feature, with repetitions, in the order of scikit-learn's analyzers. Returns
  // the number of units (words after stop words, or characters).
  template <class Sink>
  std::uint32_t for_each(std::string_view text, Sink&& sink) {
    switch (spec_.unit) {
      case FeatureUnit::word:
        return words(text, sink);
      case FeatureUnit::characters:
        return characters(text, sink);
      case FeatureUnit::characters_in_words:
        return characters_in_words(text, sink);
    }
    return 0;
  }

 private:
  using Span = std::string_view;

  // Words of `text` as terms, kept in terms_.
  void read_words(std::string_view text);
  // Copies `text` to padded_ with runs of two or more white space characters as one blank.
  void join_blanks(std::string_view text);
  // Byte offsets of the code points of `text`, and its size, to starts_.
  void find_starts(std::string_view text);
  // " word " for every run of what is not white space in joined_, to pieces_ as ranges of padded_.
  void pad_words();

  template <class Sink>
  std::uint32_t words(std::string_view text, Sink& sink) {
    read_words(text);
    const std::size_t n = terms_.size();
    if (spec_.min_n == 1) {
      for (const Span term : terms_) sink(term);
    }
    for (std::size_t length = std::max<std::size_t>(2, spec_.min_n); length <= std::min<std::size_t>(spec_.max_n, n);
         ++length) {
      for (std::size_t i = 0; i + length <= n; ++i) {
        joined_ = terms_[i];
        for (std::size_t j = 1; j < length; ++j) (joined_ += ' ') += terms_[i + j];
        sink(Span(joined_));
      }
    }
    return static_cast<std::uint32_t>(n);
  }

  template <class Sink>
  void grams(std::string_view text, std::size_t length, Sink& sink) const {
    for (std::size_t i = 0; i + length < starts_.size(); ++i) {
      sink(text.substr(starts_[i], starts_[i + length] - starts_[i]));
    }
  }

  template <class Sink>
  std::uint32_t characters(std::string_view text, Sink& sink) {
    analyzer_->normalize(text, Offsets::drop, buffer_);
    join_blanks(buffer_.text());
    find_starts(joined_);
    for (std::size_t length = spec_.min_n; length <= spec_.max_n; ++length) grams(joined_, length, sink);
    return static_cast<std::uint32_t>(starts_.size() - 1);
  }

  template <class Sink>
  std::uint32_t characters_in_words(std::string_view text, Sink& sink) {
    analyzer_->normalize(text, Offsets::drop, buffer_);
    join_blanks(buffer_.text());
    pad_words();
    std::uint32_t units = 0;
    for (const WordRange range : pieces_) {
      const Span word = Span(padded_).substr(range.begin, range.size());
      find_starts(word);
      const std::size_t size = starts_.size() - 1;
      units += static_cast<std::uint32_t>(size);
      for (std::size_t length = spec_.min_n; length <= spec_.max_n; ++length) {
        if (length >= size) {  // a short word counts once, whole
          sink(word);
          break;
        }
        grams(word, length, sink);
      }
    }
    return units;
  }

  TextAnalyzerPtr analyzer_;
  FeatureSpec spec_;
  WordBuffer buffer_;
  std::optional<TermTable> table_;  // remembers stems; only where words are mapped
  std::vector<std::uint32_t> ids_;
  std::vector<Span> terms_;
  std::string joined_;
  std::string padded_;
  std::vector<WordRange> pieces_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace isogloss::tokens
