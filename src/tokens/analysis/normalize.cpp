// SPDX-License-Identifier: Apache-2.0
// Normalising a text: one pass, a copy 16 bytes at a time with letters lowered while the text is ASCII, one code point
// at a time where it is not. The copy keeps a record (Edit) only where a character changes its length, which in most
// texts is nowhere, so offsets into the original cost nothing.
//
// The order is scikit-learn's: lower case first, accents second, words third; a character that decomposes into a
// non-word character (one half: 1 U+2044 2) splits a word.
#include <algorithm>
#include <array>

#include "core/utf8.hpp"
#include "tokens/analysis/word_buffer.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace isogloss::tokens {
namespace {

char lower_byte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return static_cast<char>(u + (static_cast<unsigned char>(u - 'A') < 26 ? 32 : 0));
}

// Copies ASCII from [p, end) to `to` until a byte that is none; returns how many. Writes up to 15 bytes more.
std::size_t copy_ascii(const char* p, const char* end, bool lower, char* to) {
  const char* const start = p;
#if defined(__SSE2__)
  const __m128i upper_a = _mm_set1_epi8('A');
  const __m128i span = _mm_set1_epi8(25);
  const __m128i bit = _mm_set1_epi8(static_cast<char>(lower ? 32 : 0));
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
    const __m128i from_a = _mm_sub_epi8(v, upper_a);
    const __m128i is_upper = _mm_cmpeq_epi8(_mm_min_epu8(from_a, span), from_a);
    const __m128i lowered = _mm_add_epi8(v, _mm_and_si128(is_upper, bit));
    _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(to + (p - start))), lowered);
    const int foreign = _mm_movemask_epi8(v);
    if (foreign != 0) return static_cast<std::size_t>(p - start) + static_cast<std::size_t>(__builtin_ctz(foreign));
    p += 16;
  }
#endif
  for (; p < end && static_cast<unsigned char>(*p) < 0x80; ++p) to[p - start] = lower ? lower_byte(*p) : *p;
  return static_cast<std::size_t>(p - start);
}

// The UTF-8 of one code point after lower case and accents; at most 2 * 18 code points.
class Mapping {
 public:
  Mapping(LowerCase lower_case, Accents accents) : lower_case_(lower_case), accents_(accents) {}

  // Writes to `to` (room for 160 bytes), returns the bytes written.
  std::size_t apply(std::string_view text, const char* at, char32_t c, char* to) const {
    char32_t lowered[2] = {c, 0};
    std::size_t n = 1;
    if (lower_case_ == LowerCase::simple) lowered[0] = to_lower(c);
    if (lower_case_ == LowerCase::full) n = to_lower_full_at(text, at, c, lowered);
    char* const begin = to;
    for (std::size_t i = 0; i < n; ++i) to += strip(lowered[i], to);
    return static_cast<std::size_t>(to - begin);
  }

 private:
  std::size_t strip(char32_t c, char* to) const {
    if (accents_ == Accents::keep) return utf8_encode(c, to);
    char* const begin = to;
    char32_t hangul[3];
    for (const char32_t part : decompose(c, Decomposing::compatible, hangul)) {
      const bool keep = accents_ == Accents::ascii ? part < 0x80 : code_point_info(part).combining_class == 0;
      if (keep) to += utf8_encode(part, to);
    }
    return static_cast<std::size_t>(to - begin);
  }

  LowerCase lower_case_;
  Accents accents_;
};

constexpr std::size_t kLongestMapping = 160;

}  // namespace

void normalize_text(std::string_view text, LowerCase lower_case, Accents accents, Offsets offsets, WordBuffer& out) {
  out.clear();
  const bool lower = lower_case != LowerCase::none;
  const Mapping mapping(lower_case, accents);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const std::size_t run = copy_ascii(p, end, lower, out.reserve(static_cast<std::size_t>(end - p) + kLongestMapping));
    out.advance(run);
    p += run;
    while (p < end && static_cast<unsigned char>(*p) >= 0x80) {
      const Decoded d = utf8_decode(p, end);
      char* const to = out.reserve(static_cast<std::size_t>(end - p) + kLongestMapping);
      const std::size_t size = mapping.apply(text, p, d.code_point, to);
      if (size != d.size && offsets == Offsets::keep) {
        const auto at = static_cast<std::uint32_t>(out.text().size());
        const auto source = static_cast<std::uint32_t>(p - text.data());
        out.add_edit({at, at + static_cast<std::uint32_t>(size), source, source + d.size});
      }
      out.advance(size);
      out.mark_foreign();
      p += d.size;
    }
  }
  out.finish();
}

void WordBuffer::grow(std::size_t bytes) {
  const std::size_t capacity = std::max(bytes, 2 * capacity_);
  auto fresh = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(fresh.get(), bytes_.get(), size_);
  bytes_ = std::move(fresh);
  capacity_ = capacity;
}

WordRange WordBuffer::source(WordRange range) const {
  if (edits_.empty()) return range;
  // A begin inside an edit goes to the begin of its character, an end inside one to its end; past the last edit before
  // it a position keeps its distance.
  const auto after_begin = std::ranges::upper_bound(edits_, range.begin, {}, &Edit::begin);
  WordRange result = range;
  if (after_begin != edits_.begin()) {
    const Edit& edit = *(after_begin - 1);
    result.begin = range.begin < edit.end ? edit.source_begin : edit.source_end + (range.begin - edit.end);
  }
  const auto after_end = std::ranges::partition_point(
      edits_, [&](const Edit& e) { return e.begin < range.end || (e.begin == e.end && e.begin == range.end); });
  if (after_end != edits_.begin()) {
    const Edit& edit = *(after_end - 1);
    result.end = range.end < edit.end ? edit.source_end : edit.source_end + (range.end - edit.end);
  }
  return result;
}

}  // namespace isogloss::tokens
