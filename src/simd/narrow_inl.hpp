// SPDX-License-Identifier: Apache-2.0
// Dot products of narrow types.
//
// int8: VNNI multiplies unsigned by signed bytes, so the row's sign bit is flipped (row + 128) and 128 sum(query) taken
// away at the end: exact. Without VNNI bytes are widened to 16 bits and multiplied in pairs (vpmaddwd), exact too. The
// VNNI instruction is written as inline assembly with "+v" operands: g++ 12 spills the accumulators of the intrinsic.
//
// bf16 x bf16 on BF16 machines: VDPBF16PS, two products a lane; it takes subnormal inputs as zero. f16 is widened.
#pragma once

#include "simd/reduce_inl.hpp"

namespace isogloss::simd {
namespace {

#if defined(__AVX512VNNI__)

inline void multiply_bytes(__m512i& sum, __m512i positive, __m512i any) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(positive), "v"(any));
}
inline __mmask64 first_bytes(std::size_t n) { return n >= 64 ? ~0ULL : (1ULL << n) - 1ULL; }

// sum a_i row_i; next = a row to fetch meanwhile, or null.
inline std::int32_t dot_bytes(const std::int8_t* a, const std::int8_t* row, const std::int8_t* next, std::size_t n) {
  const __m512i flip = _mm512_set1_epi8(-128);
  __m512i sum = _mm512_setzero_si512();
  __m512i correction = _mm512_setzero_si512();  // 128 sum a
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const __m512i x = _mm512_loadu_si512(a + i);
    if (next != nullptr) __builtin_prefetch(next + i);
    multiply_bytes(correction, flip, x);
    multiply_bytes(sum, _mm512_xor_si512(_mm512_loadu_si512(row + i), flip), x);
  }
  if (i < n) {
    const __mmask64 mask = first_bytes(n - i);
    const __m512i x = _mm512_maskz_loadu_epi8(mask, a + i);
    multiply_bytes(correction, flip, x);
    multiply_bytes(sum, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + i), flip), x);
  }
  return _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, correction));
}

#else

#if defined(__AVX512F__)
constexpr std::size_t kWords = 32;
struct Words {
  __m512i v;
};
inline Words no_words() { return {_mm512_setzero_si512()}; }
inline Words widen_bytes(const std::int8_t* p) {
  return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
inline Words multiply_words(Words sum, Words a, Words b) {
  return {_mm512_add_epi32(sum.v, _mm512_madd_epi16(a.v, b.v))};
}
inline std::int32_t sum_of(Words x) { return _mm512_reduce_add_epi32(x.v); }
#elif defined(__AVX2__)
constexpr std::size_t kWords = 16;
struct Words {
  __m256i v;
};
inline Words no_words() { return {_mm256_setzero_si256()}; }
inline Words widen_bytes(const std::int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
inline Words multiply_words(Words sum, Words a, Words b) {
  return {_mm256_add_epi32(sum.v, _mm256_madd_epi16(a.v, b.v))};
}
inline std::int32_t sum_of(Words x) {
  __m128i y = _mm_add_epi32(_mm256_castsi256_si128(x.v), _mm256_extracti128_si256(x.v, 1));
  y = _mm_add_epi32(y, _mm_unpackhi_epi64(y, y));
  return _mm_cvtsi128_si32(_mm_add_epi32(y, _mm_shuffle_epi32(y, 1)));
}
#else
constexpr std::size_t kWords = 1;
struct Words {
  std::int32_t v;
};
inline Words no_words() { return {0}; }
inline Words widen_bytes(const std::int8_t* p) { return {*p}; }
inline Words multiply_words(Words sum, Words a, Words b) { return {sum.v + a.v * b.v}; }
inline std::int32_t sum_of(Words x) { return x.v; }
#endif

inline std::int32_t dot_bytes(const std::int8_t* a, const std::int8_t* row, const std::int8_t* next, std::size_t n) {
  Words sum = no_words();
  std::size_t i = 0;
  for (; i + kWords <= n; i += kWords) {
    if (kWords > 1 && next != nullptr && i % 64 == 0) __builtin_prefetch(next + i);
    sum = multiply_words(sum, widen_bytes(a + i), widen_bytes(row + i));
  }
  std::int32_t total = sum_of(sum);
  for (; i < n; ++i) total += a[i] * row[i];
  return total;
}

#endif

std::int32_t dot_i8(const std::int8_t* a, const std::int8_t* b, std::size_t n) { return dot_bytes(a, b, nullptr, n); }

void dot_rows_i8(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const std::uint32_t* picks,
                 std::size_t count, std::size_t n, std::int32_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int8_t* next = row_ahead(rows, stride, picks, i, count);
    out[i] = dot_bytes(query, rows + stride * row_number(picks, i), next, n);
  }
}

float dot_bf16(const std::uint16_t* a, const std::uint16_t* b, std::size_t n) {
#if defined(__AVX512BF16__)
  __m512 even = _mm512_setzero_ps();
  __m512 odd = _mm512_setzero_ps();
  std::size_t i = 0;
  const auto pair = [](__m512i x) { return reinterpret_cast<__m512bh>(x); };
  for (; i + 64 <= n; i += 64) {
    even = _mm512_dpbf16_ps(even, pair(_mm512_loadu_si512(a + i)), pair(_mm512_loadu_si512(b + i)));
    odd = _mm512_dpbf16_ps(odd, pair(_mm512_loadu_si512(a + i + 32)), pair(_mm512_loadu_si512(b + i + 32)));
  }
  for (; i < n; i += 32) {
    const __mmask32 mask = n - i >= 32 ? ~0U : (1U << (n - i)) - 1U;
    even = _mm512_dpbf16_ps(even, pair(_mm512_maskz_loadu_epi16(mask, a + i)),
                            pair(_mm512_maskz_loadu_epi16(mask, b + i)));
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
#else
  return reduce<Multiply, std::uint16_t, std::uint16_t>(a, b, nullptr, n);
#endif
}

float dot_f16(const std::uint16_t* a, const std::uint16_t* b, std::size_t n) {
  Vec even = zero();
  Vec odd = zero();
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    even = fma(load_f16(a + i), load_f16(b + i), even);
    odd = fma(load_f16(a + i + kLanes), load_f16(b + i + kLanes), odd);
  }
  for (; i < n; i += kLanes) {
    const std::size_t left = n - i < kLanes ? n - i : kLanes;
    even = fma(load_f16_partial(a + i, left), load_f16_partial(b + i, left), even);
  }
  return sum_of(add(even, odd));
}

}  // namespace
}  // namespace isogloss::simd
