// SPDX-License-Identifier: Apache-2.0
// UTF-8 and what must be known of a code point. Two rules hold everywhere: text that is plain ASCII costs next to
// nothing, and no function here fails: bytes that are not UTF-8 read as U+FFFD, one per maximal subpart (Unicode 15,
// section 3.9, "substitution of maximal subparts"), as Python's errors="replace" does. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace isogloss {

inline constexpr char32_t kReplacement = 0xFFFD;
inline constexpr char32_t kMaxCodePoint = 0x10FFFF;

// ---- bytes <-> code points

// Whether all of `text` is well-formed (no surrogates, no overlong forms).
bool utf8_valid(std::string_view text);
// Length of the longest well-formed prefix.
std::size_t utf8_valid_prefix(std::string_view text);
bool is_ascii(std::string_view text);
// Number of code points; each maximal subpart that is not UTF-8 counts as one.
std::size_t utf8_count(std::string_view text);
// A copy with every maximal subpart that is not UTF-8 replaced by U+FFFD.
std::string utf8_repair(std::string_view text);

struct Decoded {
  char32_t code_point;
  std::uint32_t size;  // bytes read, at least 1
  bool valid;          // false: code_point is U+FFFD for a malformed sequence of `size` bytes
};

namespace utf8_detail {
Decoded decode_multibyte(const char* p, const char* end);
}

// The code point at p. REQUIRES: p < end.
inline Decoded utf8_decode(const char* p, const char* end) {
  const auto lead = static_cast<unsigned char>(*p);
  if (lead < 0x80) return {lead, 1, true};
  return utf8_detail::decode_multibyte(p, end);
}

// REQUIRES: code_point <= kMaxCodePoint and no surrogate.
void utf8_append(std::string& out, char32_t code_point);
// Writes to `out`, which has room for 4 bytes; returns the bytes written.
std::size_t utf8_encode(char32_t code_point, char* out);
std::size_t utf8_size(char32_t code_point);

std::u32string utf8_to_code_points(std::string_view text);
std::string utf8_from_code_points(std::u32string_view code_points);

// ---- properties (Unicode 15.0; the tables are generated, see tools/unicode_tables)

// General category, in the order of utf8proc.
enum class Category : std::uint8_t {
  cn,
  lu,
  ll,
  lt,
  lm,
  lo,
  mn,
  mc,
  me,
  nd,
  nl,
  no,
  pc,
  pd,
  ps,
  pe,
  pi,
  pf,
  po,
  sm,
  sc,
  sk,
  so,
  zs,
  zl,
  zp,
  cc,
  cf,
  cs,
  co
};

// Word_Break of UAX #29.
enum class WordBreak : std::uint8_t {
  other,
  cr,
  lf,
  newline,
  extend,
  zwj,
  format,
  katakana,
  hebrew_letter,
  a_letter,
  single_quote,
  double_quote,
  mid_num_let,
  mid_letter,
  mid_num,
  numeric,
  extend_num_let,
  wseg_space,
  regional_indicator
};

// Scripts written without blanks between words.
enum class ScriptKind : std::uint8_t { none, han, hiragana, south_east_asian };

struct CodePoint {
  enum Flag : std::uint16_t {
    kLetter = 1u << 0,
    kMark = 1u << 1,
    kNumber = 1u << 2,
    kWord = 1u << 3,   // Python's \w: str.isalnum() or '_'
    kSpace = 1u << 4,  // Python's \s: str.isspace()
    kUpper = 1u << 5,  // the Uppercase property
    kLower = 1u << 6,
    kCased = 1u << 7,
    kCaseIgnorable = 1u << 8,
    kFullFold = 1u << 9,       // case folding gives several code points
    kDecomposes = 1u << 10,    // NFKD differs from the code point
    kPictographic = 1u << 11,  // Extended_Pictographic
    kEmojiPresentation = 1u << 12,
    kWhiteSpace = 1u << 13,  // the White_Space property
    kGraphemeExtend = 1u << 14,   // Grapheme_Cluster_Break Extend, ZWJ or SpacingMark
    kGraphemePrepend = 1u << 15,  // Grapheme_Cluster_Break Prepend
  };
  std::int32_t lower;  // simple mappings, as differences
  std::int32_t upper;
  std::int32_t fold;
  std::uint16_t flags;
  Category category;
  WordBreak word_break;
  ScriptKind kind;
  std::uint8_t combining_class;

  bool is(unsigned any_of) const { return (flags & any_of) != 0; }
};

// REQUIRES: nothing; values above kMaxCodePoint read as unassigned.
const CodePoint& code_point_info(char32_t code_point);

inline bool is_letter(char32_t c) { return code_point_info(c).is(CodePoint::kLetter); }
inline bool is_mark(char32_t c) { return code_point_info(c).is(CodePoint::kMark); }
inline bool is_number(char32_t c) { return code_point_info(c).is(CodePoint::kNumber); }
inline bool is_word_char(char32_t c) { return code_point_info(c).is(CodePoint::kWord); }
inline bool is_space(char32_t c) { return code_point_info(c).is(CodePoint::kSpace); }
inline bool is_upper(char32_t c) { return code_point_info(c).is(CodePoint::kUpper); }
inline bool is_lower(char32_t c) { return code_point_info(c).is(CodePoint::kLower); }

// Simple case mappings: one code point to one.
inline char32_t to_lower(char32_t c) { return c + static_cast<char32_t>(code_point_info(c).lower); }
inline char32_t to_upper(char32_t c) { return c + static_cast<char32_t>(code_point_info(c).upper); }

// Version of the tables, "15.0.0".
std::string_view unicode_version();

// The full decomposition of one code point; itself when it has none. Valid until the next call with the same buffer.
enum class Decomposing : std::uint8_t { canonical, compatible };
std::u32string_view decompose(char32_t code_point, Decomposing form, char32_t (&hangul)[3]);

// What canonical composition (NFC) makes of two neighbouring code points; 0 = they do not compose.
char32_t compose(char32_t first, char32_t second);

// ---- whole texts

// As Python's str.lower(): one to many, with the final sigma rule.
std::string to_lower_full(std::string_view text);
// The same for the one code point at `at` inside `text`: writes 1 or 2 code points, returns how many.
std::size_t to_lower_full_at(std::string_view text, const char* at, char32_t code_point, char32_t (&out)[2]);
// Code point by code point, as most search engines and tokenisers do.
std::string to_lower_simple(std::string_view text);
// As Python's str.casefold().
std::string case_fold(std::string_view text);
// NFD or NFKD with marks in canonical order.
std::string normalize_decomposed(std::string_view text, Decomposing form);
// NFD without non-spacing marks (category Mn): "café" -> "cafe", as BERT's uncased vocabularies want it.
std::string strip_accents(std::string_view text);

}  // namespace isogloss
