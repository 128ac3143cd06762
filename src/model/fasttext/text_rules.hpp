// SPDX-License-Identifier: Apache-2.0
// What a word of a text is to a fastText model.
#pragma once

#include <string>
#include <string_view>

#include "core/utf8.hpp"
#include "vectors/word_split.hpp"

namespace isogloss::model {

struct TextRules {
  bool ascii_blanks = true;  // as fastText itself: words stand between ASCII blanks (and NUL), whatever they hold
  bool signs = false;        // signs are words of their own
  bool lowercase = false;
};

inline constexpr std::string_view kAsciiBlanks{" \n\r\t\v\f\0", 7};

// Calls word(view) for every word. A word that begins with `label` (empty = none do) is told as it is written; others
// are put in lower case and cut by the rules.
template <class Word>
void each_word(std::string_view text, const TextRules& rules, std::string_view label, Word&& word) {
  std::string lower;
  const auto plain = [&](std::string_view piece) {
    if (rules.lowercase) piece = lower = to_lower_full(piece);
    if (rules.ascii_blanks && !rules.signs) return word(piece);
    vectors::split_words(piece, rules.signs, word);
  };
  for (std::size_t begin = text.find_first_not_of(kAsciiBlanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kAsciiBlanks, begin), text.size());
    const std::string_view piece = text.substr(begin, end - begin);
    if (!label.empty() && piece.starts_with(label)) {
      word(piece);
    } else {
      plain(piece);
    }
    begin = text.find_first_not_of(kAsciiBlanks, end);
  }
}

}  // namespace isogloss::model
