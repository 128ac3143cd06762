// SPDX-License-Identifier: Apache-2.0
// What a word of a text is to models of word vectors, when they are trained and when they are used.
#pragma once

#include <string_view>

#include "core/utf8.hpp"

namespace isogloss::vectors {

// Calls word(view) for every word of the text: what stands between blanks; with `signs`, runs of letters, marks,
// numbers and '_', and anything else that is no blank by itself, as in the texts that GloVe and fastText were trained
// on.
template <class Word>
void split_words(std::string_view text, bool signs, Word&& word) {
  const char* const last = text.data() + text.size();
  const char* begin = nullptr;  // of the word that is being read
  for (const char* p = text.data(); p < last;) {
    const Decoded c =
        static_cast<unsigned char>(*p) < 0x80 ? Decoded{static_cast<char32_t>(*p), 1, true} : utf8_decode(p, last);
    const bool blank = is_space(c.code_point);
    const bool inside = !blank && (!signs || is_word_char(c.code_point) || is_mark(c.code_point));
    if (!inside && begin != nullptr) word(std::string_view(begin, p));
    if (!inside && !blank) word(std::string_view(p, c.size));
    if (!inside) begin = nullptr;
    if (inside && begin == nullptr) begin = p;
    p += c.size;
  }
  if (begin != nullptr) word(std::string_view(begin, last));
}

}  // namespace isogloss::vectors
