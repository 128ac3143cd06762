// SPDX-License-Identifier: Apache-2.0
// The classes of characters that word patterns speak of, as a table for ASCII and a look-up for the rest.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {

// Bits, so that one test answers "one of these".
enum CharacterClass : std::uint8_t {
  kUpperLetter = 1,   // Lu, Lt
  kLowerLetter = 2,   // Ll
  kOtherLetter = 4,   // Lm, Lo
  kNumberClass = 8,   // N
  kSpaceClass = 16,   // \s but CR and LF
  kLineBreak = 32,    // CR, LF
  kMarkClass = 64,    // M
  kOtherClass = 128,  // the rest
};
inline constexpr std::uint8_t kLetterClass = kUpperLetter | kLowerLetter | kOtherLetter;
inline constexpr std::uint8_t kAnySpace = kSpaceClass | kLineBreak;
inline constexpr std::uint8_t kSymbolClass = kMarkClass | kOtherClass;  // [^\s\p{L}\p{N}]

inline std::uint8_t classify_character(char32_t c) {
  if (c == '\r' || c == '\n') return kLineBreak;
  if (is_reference_space(c)) return kSpaceClass;
  switch (reference_category(c)) {
    case Category::lu:
    case Category::lt:
      return kUpperLetter;
    case Category::ll:
      return kLowerLetter;
    case Category::lm:
    case Category::lo:
      return kOtherLetter;
    case Category::mn:
    case Category::mc:
    case Category::me:
      return kMarkClass;
    case Category::nd:
    case Category::nl:
    case Category::no:
      return kNumberClass;
    default:
      return kOtherClass;
  }
}

inline constexpr std::array<std::uint8_t, 128> kAsciiClass = [] {
  std::array<std::uint8_t, 128> table{};
  for (unsigned c = 0; c < 128; ++c) {
    table[c] = c == '\r' || c == '\n'            ? kLineBreak
               : c == ' ' || (c >= 9 && c <= 12) ? kSpaceClass
               : c >= 'A' && c <= 'Z'            ? kUpperLetter
               : c >= 'a' && c <= 'z'            ? kLowerLetter
               : c >= '0' && c <= '9'            ? kNumberClass
                                                 : kOtherClass;
  }
  return table;
}();

struct Classified {
  std::uint8_t type;
  std::uint8_t size;  // bytes
};
// REQUIRES: p is the start of a character.
inline Classified classified_at(const char* p) {
  const auto byte = static_cast<unsigned char>(*p);
  if (byte < 128) return {kAsciiClass[byte], 1};
  return {classify_character(read_code_point(p)), static_cast<std::uint8_t>(sequence_size(*p))};
}

// End of the run of characters of the classes `wanted` that begins at p.
inline const char* skip_class(const char* p, const char* end, std::uint8_t wanted) {
  while (p < end) {
    const Classified c = classified_at(p);
    if ((c.type & wanted) == 0) break;
    p += c.size;
  }
  return p;
}

// End of the run of ASCII letters that begins at p: 16 bytes at a time, so that no branch depends on how long a word
// is.
inline const char* skip_ascii_letters(const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
    const __m128i from_a = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(32)), _mm_set1_epi8('a'));
    const __m128i letters = _mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a);
    const int run = std::countr_zero(~static_cast<unsigned>(_mm_movemask_epi8(letters)));
    p += run;
    if (run < 16) return p;
  }
#endif
  while (p < end && static_cast<unsigned char>((*p | 32) - 'a') < 26) ++p;
  return p;
}

// As skip_class for all letters, of which most words are.
inline const char* skip_letters(const char* p, const char* end) {
  p = skip_ascii_letters(p, end);
  return p < end && static_cast<unsigned char>(*p) >= 128 ? skip_class(p, end, kLetterClass) : p;
}

}  // namespace isogloss::tokens
