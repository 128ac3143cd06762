// SPDX-License-Identifier: Apache-2.0
// UTF-8 and Unicode properties.
//
// Validation is simdjson's (vector lookup, over 10 GB/s); everything else here is scalar with a fast way through runs
// of ASCII, eight bytes at a time, because outside them a table look-up per code point dominates anyway.
//
// Properties lie in a two-stage table generated from utf8proc and ICU: block index (8,704 x u16) -> record number
// (u16, blocks of 128) -> one of 378 records with category, word-break class, flags and case mappings as differences.
// About 90 KB, constant, no start-up work. utf8proc itself is called nowhere at run time: its property look-up costs
// the same, but it knows neither Word_Break nor Python's definitions of \w and \s, and its mappings decompose through
// several calls per character. unicode_test compares every code point with utf8proc.
#include "core/utf8.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <span>

namespace isogloss {
namespace {

struct Decomposition {
  std::uint16_t canonical;  // places in the pool
  std::uint16_t compatible;
  std::uint8_t canonical_size;
  std::uint8_t compatible_size;
};

struct FullFold {
  char32_t code_point;
  std::array<char32_t, 3> folded;  // unused places are 0
};

struct Composition {
  char32_t first;
  char32_t second;
  char32_t composed;
};

#include "core/unicode_tables.inc"

constexpr std::uint32_t kBlockBits = 7;
constexpr std::uint32_t kBlockMask = (1u << kBlockBits) - 1;

const Decomposition& decomposition_of(char32_t c) {
  const std::size_t block = kDecompositionIndexBlocks[c >> kBlockBits];
  return kDecompositions[kDecompositionIndex[block << kBlockBits | (c & kBlockMask)]];
}

constexpr std::uint64_t kHighBits = 0x8080808080808080ull;

// Bytes of ASCII at the beginning of [p, end).
std::size_t ascii_run(const char* p, const char* end) {
  const char* at = p;
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if ((word & kHighBits) != 0) break;
    at += 8;
  }
  while (at < end && static_cast<unsigned char>(*at) < 0x80) ++at;
  return static_cast<std::size_t>(at - p);
}

bool continues(const char* p, const char* end) { return p < end && (static_cast<unsigned char>(*p) & 0xC0) == 0x80; }

char32_t low6(const char* p) { return static_cast<unsigned char>(*p) & 0x3Fu; }

// Calls each(code_point) for what is not ASCII and ascii(run) for runs that are.
template <class Ascii, class Each>
void scan(std::string_view text, Ascii&& ascii, Each&& each) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    if (const std::size_t run = ascii_run(p, end); run != 0) {
      ascii(std::string_view(p, run));
      p += run;
      continue;
    }
    const Decoded d = utf8_decode(p, end);
    each(d.code_point, p);
    p += d.size;
  }
}

void append_lower_ascii(std::string& out, std::string_view run) {
  const std::size_t begin = out.size();
  out.append(run);
  for (std::size_t i = begin; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    out[i] = static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 32 : 0));
  }
}

constexpr char32_t kHangulBase = 0xAC00;
constexpr char32_t kHangulCount = 11172;

}  // namespace

bool utf8_valid(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t utf8_valid_prefix(std::string_view text) {
  if (utf8_valid(text)) return text.size();
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    p += ascii_run(p, end);
    if (p == end) break;
    const Decoded d = utf8_decode(p, end);
    if (!d.valid) break;
    p += d.size;
  }
  return static_cast<std::size_t>(p - text.data());
}

bool is_ascii(std::string_view text) { return ascii_run(text.data(), text.data() + text.size()) == text.size(); }

std::size_t utf8_count(std::string_view text) {
  std::size_t count = 0;
  scan(text, [&](std::string_view run) { count += run.size(); }, [&](char32_t, const char*) { ++count; });
  return count;
}

std::string utf8_repair(std::string_view text) {
  const std::size_t good = utf8_valid_prefix(text);
  std::string out(text.substr(0, good));
  scan(
      text.substr(good), [&](std::string_view run) { out.append(run); },
      [&](char32_t c, const char*) { utf8_append(out, c); });
  return out;
}

// Unicode 15, table 3-7: which second bytes each lead byte allows.
Decoded utf8_detail::decode_multibyte(const char* p, const char* end) {
  const auto lead = static_cast<unsigned char>(*p);
  const Decoded one{kReplacement, 1, false};
  if (lead < 0xC2 || lead > 0xF4 || !continues(p + 1, end)) return one;
  const auto second = static_cast<unsigned char>(p[1]);
  if (lead < 0xE0) return {(lead & 0x1Fu) << 6 | low6(p + 1), 2, true};
  if (lead < 0xF0) {
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return one;
    if (!continues(p + 2, end)) return {kReplacement, 2, false};
    return {(lead & 0x0Fu) << 12 | low6(p + 1) << 6 | low6(p + 2), 3, true};
  }
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return one;
  if (!continues(p + 2, end)) return {kReplacement, 2, false};
  if (!continues(p + 3, end)) return {kReplacement, 3, false};
  return {(lead & 0x07u) << 18 | low6(p + 1) << 12 | low6(p + 2) << 6 | low6(p + 3), 4, true};
}

std::size_t utf8_size(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

std::size_t utf8_encode(char32_t c, char* out) {
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | c >> 6);
    out[1] = tail(0);
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | c >> 12);
    out[1] = tail(6);
    out[2] = tail(0);
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | c >> 18);
  out[1] = tail(12);
  out[2] = tail(6);
  out[3] = tail(0);
  return 4;
}

void utf8_append(std::string& out, char32_t code_point) {
  char bytes[4];
  out.append(bytes, utf8_encode(code_point, bytes));
}

std::u32string utf8_to_code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  scan(
      text,
      [&](std::string_view run) {
        for (const char c : run) out.push_back(static_cast<unsigned char>(c));
      },
      [&](char32_t c, const char*) { out.push_back(c); });
  return out;
}

std::string utf8_from_code_points(std::u32string_view code_points) {
  std::string out;
  out.reserve(code_points.size());
  for (const char32_t c : code_points) utf8_append(out, c);
  return out;
}

const CodePoint& code_point_info(char32_t code_point) {
  const char32_t c = code_point <= kMaxCodePoint ? code_point : kMaxCodePoint;
  const std::size_t block = kCodePointIndexBlocks[c >> kBlockBits];
  return kCodePoints[kCodePointIndex[block << kBlockBits | (c & kBlockMask)]];
}

std::string_view unicode_version() { return kUnicodeVersion; }

std::u32string_view decompose(char32_t c, Decomposing form, char32_t (&buffer)[3]) {
  if (c - kHangulBase < kHangulCount) {  // Unicode 15, section 3.12
    const char32_t s = c - kHangulBase;
    buffer[0] = 0x1100 + s / 588;
    buffer[1] = 0x1161 + s % 588 / 28;
    buffer[2] = 0x11A7 + s % 28;
    return {buffer, s % 28 != 0 ? 3u : 2u};
  }
  buffer[0] = c;
  if (c > kMaxCodePoint || !code_point_info(c).is(CodePoint::kDecomposes)) return {buffer, 1};
  const Decomposition& d = decomposition_of(c);
  if (form == Decomposing::canonical) return {&kDecompositionPool[d.canonical], d.canonical_size};
  return {&kDecompositionPool[d.compatible], d.compatible_size};
}

char32_t compose(char32_t first, char32_t second) {
  if (first - 0x1100 < 19 && second - 0x1161 < 21) return kHangulBase + ((first - 0x1100) * 21 + second - 0x1161) * 28;
  if (first - kHangulBase < kHangulCount && (first - kHangulBase) % 28 == 0 && second - 0x11A8 < 27) {
    return first + (second - 0x11A7);
  }
  if (second < 0x300) return 0;  // nothing below the combining marks joins what stands before it
  const auto place = std::ranges::lower_bound(kCompositions, std::pair(first, second), {},
                                              [](const Composition& c) { return std::pair(c.first, c.second); });
  return place != kCompositions.end() && place->first == first && place->second == second ? place->composed : 0;
}

namespace {

// Final sigma (Unicode 15, table 3-17): preceded by a cased letter and not followed by one, case-ignorable characters
// between them not counted.
bool is_final_sigma(std::string_view text, const char* sigma) {
  bool before = false;
  for (const char* p = sigma; p > text.data();) {
    do {
      --p;
    } while (p > text.data() && (static_cast<unsigned char>(*p) & 0xC0) == 0x80);
    const CodePoint& info = code_point_info(utf8_decode(p, sigma).code_point);
    if (info.is(CodePoint::kCaseIgnorable)) continue;
    before = info.is(CodePoint::kCased);
    break;
  }
  if (!before) return false;
  const char* const end = text.data() + text.size();
  for (const char* p = sigma + 2; p < end;) {
    const Decoded d = utf8_decode(p, end);
    const CodePoint& info = code_point_info(d.code_point);
    if (!info.is(CodePoint::kCaseIgnorable)) return !info.is(CodePoint::kCased);
    p += d.size;
  }
  return true;
}

}  // namespace

std::size_t to_lower_full_at(std::string_view text, const char* at, char32_t c, char32_t (&out)[2]) {
  if (c == 0x130) {  // capital I with dot: i and a combining dot above
    out[0] = U'i';
    out[1] = 0x307;
    return 2;
  }
  out[0] = c != 0x3A3 ? to_lower(c) : is_final_sigma(text, at) ? 0x3C2 : 0x3C3;
  return 1;
}

std::string to_lower_full(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  scan(
      text, [&](std::string_view run) { append_lower_ascii(out, run); },
      [&](char32_t c, const char* place) {
        char32_t lowered[2];
        const std::size_t n = to_lower_full_at(text, place, c, lowered);
        for (std::size_t i = 0; i < n; ++i) utf8_append(out, lowered[i]);
      });
  return out;
}

std::string to_lower_simple(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  scan(
      text, [&](std::string_view run) { append_lower_ascii(out, run); },
      [&](char32_t c, const char*) { utf8_append(out, to_lower(c)); });
  return out;
}

std::string case_fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  scan(
      text, [&](std::string_view run) { append_lower_ascii(out, run); },
      [&](char32_t c, const char*) {
        const CodePoint& info = code_point_info(c);
        if (!info.is(CodePoint::kFullFold)) {
          utf8_append(out, c + static_cast<char32_t>(info.fold));
          return;
        }
        const auto place = std::ranges::lower_bound(kFullFolds, c, {}, &FullFold::code_point);
        for (const char32_t folded : place->folded) {
          if (folded != 0) utf8_append(out, folded);
        }
      });
  return out;
}

std::string normalize_decomposed(std::string_view text, Decomposing form) {
  std::string out;
  out.reserve(text.size());
  std::u32string marks;  // code points with a combining class, waiting for their order
  const auto flush = [&] {
    if (marks.empty()) return;
    std::ranges::stable_sort(marks, {}, [](char32_t c) { return code_point_info(c).combining_class; });
    for (const char32_t c : marks) utf8_append(out, c);
    marks.clear();
  };
  scan(
      text,
      [&](std::string_view run) {
        flush();
        out.append(run);
      },
      [&](char32_t c, const char*) {
        char32_t hangul[3];
        for (const char32_t part : decompose(c, form, hangul)) {
          if (code_point_info(part).combining_class != 0) {
            marks.push_back(part);
          } else {
            flush();
            utf8_append(out, part);
          }
        }
      });
  flush();
  return out;
}

std::string strip_accents(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  const std::string decomposed = normalize_decomposed(text, Decomposing::canonical);
  std::string out;
  out.reserve(decomposed.size());
  scan(
      decomposed, [&](std::string_view run) { out.append(run); },
      [&](char32_t c, const char*) {
        if (code_point_info(c).category != Category::mn) utf8_append(out, c);
      });
  return out;
}

}  // namespace isogloss
