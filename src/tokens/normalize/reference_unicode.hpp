// SPDX-License-Identifier: Apache-2.0
// Classes of code points as the reference libraries see them. Each library carries tables of its own Unicode version, and
// a vocabulary is only read exactly with the classes it was made with: the Hugging Face library takes the categories of
// its clean-up rules from Unicode 8, decompositions from Unicode 9, and everything else, as tiktoken does, from
// Unicode 16. Where that differs from core/utf8.hpp (Unicode 15) the code points stand in reference_unicode.inc, which
// tools/unicode_tables/probe_tokenizers.py got by asking the library about every code point. Thread-safe.
#pragma once

#include "core/utf8.hpp"

namespace isogloss::tokens {

// char::is_whitespace of Rust and \s: the White_Space property.
inline bool is_reference_space(char32_t c) { return code_point_info(c).is(CodePoint::kWhiteSpace); }
// General category of Unicode 16, as \p{..} of the regular expressions sees it.
Category reference_category(char32_t c);
inline bool is_reference_letter(char32_t c) {
  const Category category = reference_category(c);
  return category >= Category::lu && category <= Category::lo;
}
// Categories Nd, Nl, No; also Rust's char::is_numeric.
inline bool is_reference_number(char32_t c) {
  const Category category = reference_category(c);
  return category >= Category::nd && category <= Category::no;
}
// char::to_lowercase of Rust: 1 or 2 code points (only U+0130 gives two). No final sigma.
std::size_t reference_lower(char32_t c, char32_t (&out)[2]);

// A number for the script, Japanese and Chinese together as SentencePiece wants it; 0 = goes with any script.
std::uint8_t reference_script(char32_t c);

// ---- Unicode 8
// Categories Cc, Cf, Co. Unassigned code points are not among them.
bool is_reference_other(char32_t c);
// ASCII punctuation and categories Pc, Pd, Ps, Pe, Pi, Pf, Po.
bool is_reference_punctuation(char32_t c);
// Category Mn.
bool is_reference_nonspacing(char32_t c);

// ---- Unicode 9
// Categories Mn, Mc, Me.
bool is_reference_mark(char32_t c);
std::uint8_t reference_combining_class(char32_t c);
std::u32string_view reference_decompose(char32_t c, Decomposing form, char32_t (&hangul)[3]);
char32_t reference_compose(char32_t first, char32_t second);  // 0 = they do not compose

}  // namespace isogloss::tokens
