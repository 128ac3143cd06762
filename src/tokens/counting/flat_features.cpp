// SPDX-License-Identifier: Apache-2.0
// Follows CountVectorizer._char_ngrams, _char_wb_ngrams and _word_ngrams (scikit-learn 1.9) to the letter, since a
// model must have the same columns: "\s\s+" becomes a blank (a single line feed stays), char_wb pads every word by one
// blank on each side, and a word shorter than the n-gram counts once and ends the lengths for that word.
#include "tokens/counting/flat_features.hpp"

#include "core/utf8.hpp"

namespace isogloss::tokens {

FlatFeatures::FlatFeatures(TextAnalyzerPtr analyzer, const FeatureSpec& spec)
    : analyzer_(std::move(analyzer)), spec_(spec) {
  if (spec_.unit == FeatureUnit::word && analyzer_->maps_words()) table_.emplace(analyzer_);
}

void FlatFeatures::read_words(std::string_view text) {
  terms_.clear();
  if (table_) {
    table_->add_text(text, ids_);
    for (const std::uint32_t id : ids_) {
      if (id != TermTable::kNone) terms_.push_back(table_->term(id));
    }
    return;
  }
  analyzer_->split(text, Offsets::drop, buffer_);
  for (const WordRange range : buffer_.words()) terms_.push_back(buffer_.word(range));
}

void FlatFeatures::join_blanks(std::string_view text) {
  joined_.clear();
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* const begin = p;
    std::size_t blanks = 0;
    while (p < end) {
      const Decoded d = utf8_decode(p, end);
      if (!is_space(d.code_point)) break;
      p += d.size;
      ++blanks;
    }
    if (blanks == 1) joined_.append(begin, p);
    if (blanks > 1) joined_ += ' ';
    const char* const word = p;
    while (p < end) {
      const Decoded d = utf8_decode(p, end);
      if (is_space(d.code_point)) break;
      p += d.size;
    }
    joined_.append(word, p);
  }
}

void FlatFeatures::find_starts(std::string_view text) {
  starts_.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts_.push_back(static_cast<std::uint32_t>(i));
  }
  starts_.push_back(static_cast<std::uint32_t>(text.size()));
}

void FlatFeatures::pad_words() {
  padded_.clear();
  pieces_.clear();
  const char* p = joined_.data();
  const char* const end = p + joined_.size();
  while (p < end) {
    Decoded d = utf8_decode(p, end);
    if (is_space(d.code_point)) {
      p += d.size;
      continue;
    }
    const auto begin = static_cast<std::uint32_t>(padded_.size());
    padded_ += ' ';
    for (; p < end; p += d.size) {
      d = utf8_decode(p, end);
      if (is_space(d.code_point)) break;
      padded_.append(p, d.size);
    }
    padded_ += ' ';
    pieces_.push_back({begin, static_cast<std::uint32_t>(padded_.size())});
  }
}

}  // namespace isogloss::tokens
