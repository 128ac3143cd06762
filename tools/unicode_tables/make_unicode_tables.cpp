// SPDX-License-Identifier: Apache-2.0
// Writes src/core/unicode_tables.inc. Not part of the build; run it when the Unicode version is to move:
//
//   g++ -std=c++20 -O2 tools/unicode_tables/make_unicode_tables.cpp -lutf8proc -licuuc -o /tmp/make_unicode_tables
//   /tmp/make_unicode_tables > src/core/unicode_tables.inc
//
// General categories, case, combining classes and decompositions are those of utf8proc; the word-break class, script
// and emoji properties, which utf8proc does not have, those of ICU. Both must be of the same Unicode version. Needed
// packages: libutf8proc-dev, libicu-dev.
//
// Form: two-stage tables (kBlock code points per block, equal blocks stored once). The last stage of the properties is
// an index of a record; case mappings are stored as differences so that few records suffice.
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/uversion.h>
#include <utf8proc.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace {

constexpr std::uint32_t kEnd = 0x110000;
constexpr std::uint32_t kBlock = 128;

// Must match the enums of src/core/utf8.hpp.
enum Flag : unsigned {
  kLetter = 1u << 0,
  kMark = 1u << 1,
  kNumber = 1u << 2,
  kWord = 1u << 3,
  kSpace = 1u << 4,
  kUpper = 1u << 5,
  kLower = 1u << 6,
  kCased = 1u << 7,
  kCaseIgnorable = 1u << 8,
  kFullFold = 1u << 9,
  kDecomposes = 1u << 10,
  kPictographic = 1u << 11,
  kEmojiPresentation = 1u << 12,
  kWhiteSpace = 1u << 13,
  kGraphemeExtend = 1u << 14,
  kGraphemePrepend = 1u << 15,
};

unsigned word_break_of(UChar32 c) {
  switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_CR:
      return 1;
    case U_WB_LF:
      return 2;
    case U_WB_NEWLINE:
      return 3;
    case U_WB_EXTEND:
      return 4;
    case U_WB_ZWJ:
      return 5;
    case U_WB_FORMAT:
      return 6;
    case U_WB_KATAKANA:
      return 7;
    case U_WB_HEBREW_LETTER:
      return 8;
    case U_WB_ALETTER:
      return 9;
    case U_WB_SINGLE_QUOTE:
      return 10;
    case U_WB_DOUBLE_QUOTE:
      return 11;
    case U_WB_MIDNUMLET:
      return 12;
    case U_WB_MIDLETTER:
      return 13;
    case U_WB_MIDNUM:
      return 14;
    case U_WB_NUMERIC:
      return 15;
    case U_WB_EXTENDNUMLET:
      return 16;
    case U_WB_WSEGSPACE:
      return 17;
    case U_WB_REGIONAL_INDICATOR:
      return 18;
    default:
      return 0;
  }
}

// What a code point that is no ALetter, Numeric or Katakana is to a word splitter: 1 Han, 2 Hiragana, 3 South-East
// Asian (line break class SA).
unsigned kind_of(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &error);
  if (script == USCRIPT_HAN) return 1;
  if (script == USCRIPT_HIRAGANA) return 2;
  if (u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT) return 3;
  return 0;
}

std::vector<std::uint32_t> decompose(std::uint32_t c, int option) {
  std::array<utf8proc_int32_t, 32> out{};
  int boundary = 0;
  const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), out.data(), out.size(),
                                         static_cast<utf8proc_option_t>(option), &boundary);
  if (n < 0) std::abort();
  return {out.begin(), out.begin() + n};
}

using Record = std::tuple<unsigned, unsigned, unsigned, unsigned, unsigned, int, int, int>;

unsigned flags_of(std::uint32_t c, const utf8proc_property_t& p, bool full_fold, bool decomposes) {
  const unsigned category = static_cast<unsigned>(p.category);
  unsigned flags = 0;
  const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
  const bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
  if (letter) flags |= kLetter;
  if (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) flags |= kMark;
  if (number) flags |= kNumber;
  if (letter || number || c == '_') flags |= kWord;
  const unsigned bidi = static_cast<unsigned>(p.bidi_class);
  if (category == UTF8PROC_CATEGORY_ZS || bidi == UTF8PROC_BIDI_CLASS_WS || bidi == UTF8PROC_BIDI_CLASS_B ||
      bidi == UTF8PROC_BIDI_CLASS_S) {
    flags |= kSpace;
  }
  const UChar32 u = static_cast<UChar32>(c);
  if (u_hasBinaryProperty(u, UCHAR_UPPERCASE)) flags |= kUpper;
  if (u_hasBinaryProperty(u, UCHAR_LOWERCASE)) flags |= kLower;
  if (u_hasBinaryProperty(u, UCHAR_CASED)) flags |= kCased;
  if (u_hasBinaryProperty(u, UCHAR_CASE_IGNORABLE)) flags |= kCaseIgnorable;
  if (full_fold) flags |= kFullFold;
  if (decomposes) flags |= kDecomposes;
  if (u_hasBinaryProperty(u, UCHAR_EXTENDED_PICTOGRAPHIC)) flags |= kPictographic;
  if (u_hasBinaryProperty(u, UCHAR_EMOJI_PRESENTATION)) flags |= kEmojiPresentation;
  if (u_hasBinaryProperty(u, UCHAR_WHITE_SPACE)) flags |= kWhiteSpace;
  const int grapheme = u_getIntPropertyValue(u, UCHAR_GRAPHEME_CLUSTER_BREAK);
  if (grapheme == U_GCB_EXTEND || grapheme == U_GCB_SPACING_MARK || grapheme == U_GCB_ZWJ) flags |= kGraphemeExtend;
  if (grapheme == U_GCB_PREPEND) flags |= kGraphemePrepend;
  return flags;
}

// Pairs that canonical composition joins, ascending: what two code points compose to is read off the decompositions, and
// exclusions show by not composing back.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> compositions() {
  std::map<std::vector<std::uint32_t>, std::uint32_t> whole;  // full decomposition -> what composes to it again
  for (std::uint32_t c = 0; c < kEnd; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || (c >= 0xAC00 && c < 0xD7A4)) continue;
    auto parts = decompose(c, UTF8PROC_DECOMPOSE);
    if (parts.size() < 2) continue;
    std::vector<utf8proc_int32_t> buffer(parts.begin(), parts.end());
    const auto n = utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                                            static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (n == 1 && static_cast<std::uint32_t>(buffer[0]) == c) whole.emplace(std::move(parts), c);
  }
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> pairs;
  for (const auto& [parts, c] : whole) {
    std::vector<std::uint32_t> front(parts.begin(), parts.end() - 1);
    const auto shorter = whole.find(front);
    if (front.size() > 1 && shorter == whole.end()) std::abort();
    pairs.emplace(std::pair(front.size() > 1 ? shorter->second : front[0], parts.back()), c);
  }
  return pairs;
}

void print_numbers(const char* type, const char* name, const std::vector<std::uint32_t>& values) {
  std::printf("inline constexpr std::array<%s, %zu> %s{{", type, values.size(), name);
  std::string line;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string number = std::to_string(values[i]);
    if (line.size() + number.size() + 2 > 116 || i == 0) {
      if (!line.empty()) std::printf("\n%s", line.c_str());
      line.clear();
    }
    line += number + ",";
  }
  std::printf("\n%s}};\n", line.c_str());
}

void print_two_stage(const char* type, const char* name, const std::vector<std::uint32_t>& values) {
  std::map<std::vector<std::uint32_t>, std::uint32_t> seen;
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> second;
  for (std::uint32_t begin = 0; begin < kEnd; begin += kBlock) {
    std::vector<std::uint32_t> block(values.begin() + begin, values.begin() + begin + kBlock);
    const auto [place, fresh] = seen.emplace(block, static_cast<std::uint32_t>(seen.size()));
    if (fresh) second.insert(second.end(), block.begin(), block.end());
    first.push_back(place->second);
  }
  print_numbers(seen.size() > 256 ? "std::uint16_t" : "std::uint8_t", (std::string(name) + "Blocks").c_str(), first);
  print_numbers(type, name, second);
}

}  // namespace

int main() {
  std::printf(
      "// SPDX-License-Identifier: Apache-2.0\n// Generated by tools/unicode_tables/make_unicode_tables.cpp from "
      "utf8proc %s and ICU %s.\n",
      utf8proc_version(), U_ICU_VERSION);
  std::printf("inline constexpr std::string_view kUnicodeVersion = \"%s\";\n", utf8proc_unicode_version());
  std::map<Record, std::uint32_t> records;
  std::vector<Record> ordered;
  std::vector<std::uint32_t> property(kEnd);
  std::vector<std::uint32_t> decomposition(kEnd);
  std::vector<std::array<std::uint32_t, 4>> entries{{0, 0, 0, 0}};
  std::vector<std::uint32_t> pool;
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> folds;
  for (std::uint32_t c = 0; c < kEnd; ++c) {
    const utf8proc_property_t& p = *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    const bool hangul = c >= 0xAC00 && c < 0xD7A4;
    bool decomposes = hangul;
    if (!surrogate && !hangul) {
      const auto canonical = decompose(c, UTF8PROC_DECOMPOSE);
      const auto compatible = decompose(c, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
      if (compatible.size() != 1 || compatible[0] != c) {
        decomposes = true;
        std::array<std::uint32_t, 4> entry{};
        entry[0] = static_cast<std::uint32_t>(pool.size());
        entry[1] = static_cast<std::uint32_t>(canonical.size());
        pool.insert(pool.end(), canonical.begin(), canonical.end());
        entry[2] = canonical == compatible ? entry[0] : static_cast<std::uint32_t>(pool.size());
        entry[3] = static_cast<std::uint32_t>(compatible.size());
        if (canonical != compatible) pool.insert(pool.end(), compatible.begin(), compatible.end());
        decomposition[c] = static_cast<std::uint32_t>(entries.size());
        entries.push_back(entry);
      }
    }
    std::vector<std::uint32_t> fold;
    if (!surrogate) fold = decompose(c, UTF8PROC_CASEFOLD);
    const bool full_fold = fold.size() > 1;
    if (full_fold) folds.emplace_back(c, fold);
    const int folded = fold.size() == 1 ? static_cast<int>(fold[0]) : static_cast<int>(c);
    const int code = static_cast<int>(c);
    const Record record{static_cast<unsigned>(p.category),
                        surrogate ? 0u : static_cast<unsigned>(p.combining_class),
                        word_break_of(code),
                        kind_of(code),
                        flags_of(c, p, full_fold, decomposes),
                        utf8proc_tolower(code) - code,
                        utf8proc_toupper(code) - code,
                        folded - code};
    const auto [place, fresh] = records.emplace(record, static_cast<std::uint32_t>(records.size()));
    if (fresh) ordered.push_back(record);
    property[c] = place->second;
  }
  std::printf("inline constexpr std::array<CodePoint, %zu> kCodePoints{{\n", ordered.size());
  for (const auto& [category, ccc, word_break, kind, flags, lower, upper, fold] : ordered) {
    std::printf("{%d,%d,%d,%u,Category{%u},WordBreak{%u},ScriptKind{%u},%u},\n", lower, upper, fold, flags, category,
                word_break, kind, ccc);
  }
  std::printf("}};\n");
  print_two_stage(ordered.size() > 256 ? "std::uint16_t" : "std::uint8_t", "kCodePointIndex", property);
  print_two_stage("std::uint16_t", "kDecompositionIndex", decomposition);
  std::printf("inline constexpr std::array<Decomposition, %zu> kDecompositions{{\n", entries.size());
  for (const auto& e : entries) std::printf("{%u,%u,%u,%u},\n", e[0], e[2], e[1], e[3]);
  std::printf("}};\n");
  print_numbers("char32_t", "kDecompositionPool", pool);
  std::printf("inline constexpr std::array<FullFold, %zu> kFullFolds{{\n", folds.size());
  for (auto& [c, fold] : folds) {
    fold.resize(3, 0);
    std::printf("{%u,{%u,%u,%u}},\n", c, fold[0], fold[1], fold[2]);
  }
  std::printf("}};\n");
  const auto pairs = compositions();
  std::printf("inline constexpr std::array<Composition, %zu> kCompositions{{\n", pairs.size());
  for (const auto& [pair, c] : pairs) std::printf("{%u,%u,%u},\n", pair.first, pair.second, c);
  std::printf("}};\n");
  return 0;
}
