// SPDX-License-Identifier: Apache-2.0
// Vec: as many floats as one register holds, for the instruction set this file is compiled under. Included by
// kernel_table.cpp only; everything is in an anonymous namespace, so that no object shares code with another.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace isogloss::simd {
namespace {

inline float bits_to_float(std::uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
inline std::uint32_t float_to_bits(float value) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

// bf16 = the upper half of a float. Adding 0x7fff plus the lowest kept bit rounds to nearest, ties to even.
inline std::uint16_t scalar_to_bf16(float value) {
  const std::uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}
inline float scalar_from_bf16(std::uint16_t value) { return bits_to_float(static_cast<std::uint32_t>(value) << 16); }

#if defined(__AVX512F__)

constexpr std::size_t kLanes = 16;
struct Vec {
  __m512 v;
};
inline __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1U << n) - 1U); }
inline Vec zero() { return {_mm512_setzero_ps()}; }
inline Vec set1(float x) { return {_mm512_set1_ps(x)}; }
inline Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline Vec load_partial(const float* p, std::size_t n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
inline void store(float* p, Vec x) { _mm512_storeu_ps(p, x.v); }
inline void store_partial(float* p, Vec x, std::size_t n) { _mm512_mask_storeu_ps(p, first(n), x.v); }
inline Vec add(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec sub(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec fused(Vec a, Vec b, Vec c) { return fma(a, b, c); }
inline Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
// Lanes i and i + 8 join, then i and i + 4, ... 2, 1: the same order for every width.
inline float sum_of(Vec a) {
  const __m256 y = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(y), _mm256_extractf128_ps(y, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps(x, x, 1)));
}
inline float max_of(Vec a) { return _mm512_reduce_max_ps(a.v); }
inline bool any_at_least(Vec a, Vec limit) { return _mm512_cmp_ps_mask(a.v, limit.v, _CMP_GE_OQ) != 0; }
// value where limit <= x, else 0.
inline Vec keep_above(Vec limit, Vec x, Vec value) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(limit.v, x.v, _CMP_LE_OQ), value.v)};
}
// 2^n for whole n in [-126, 127].
inline Vec power_of_two(Vec n) {
  return {
      _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n.v), _mm512_set1_epi32(127)), 23))};
}
inline Vec widen_bf16(__m256i x) { return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16))}; }
inline Vec load(const std::uint16_t* p) { return widen_bf16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline Vec load_partial(const std::uint16_t* p, std::size_t n) {
  return widen_bf16(_mm256_maskz_loadu_epi16(first(n), p));
}
inline Vec load(const std::int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
inline Vec load_partial(const std::int8_t* p, std::size_t n) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first(n), p)))};
}
inline Vec load_f16(const std::uint16_t* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
inline Vec load_f16_partial(const std::uint16_t* p, std::size_t n) {
  return {_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), p))};
}
inline __m256i narrow_bf16(Vec x) {
  const __m512i bits = _mm512_castps_si512(x.v);
  const __m512i lowest = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), lowest);
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
  const __mmask16 nan = _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_mov_epi32(rounded, nan, quiet), 16));
}
inline void store_bf16(std::uint16_t* p, Vec x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow_bf16(x)); }
inline void store_f16(std::uint16_t* p, Vec x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT));
}

#elif defined(__AVX2__)

constexpr std::size_t kLanes = 8;
struct Vec {
  __m256 v;
};
inline __m256i first(std::size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}
inline Vec zero() { return {_mm256_setzero_ps()}; }
inline Vec set1(float x) { return {_mm256_set1_ps(x)}; }
inline Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline Vec load_partial(const float* p, std::size_t n) { return {_mm256_maskload_ps(p, first(n))}; }
inline void store(float* p, Vec x) { _mm256_storeu_ps(p, x.v); }
inline void store_partial(float* p, Vec x, std::size_t n) { _mm256_maskstore_ps(p, first(n), x.v); }
inline Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec sub(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec mul(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec fused(Vec a, Vec b, Vec c) { return fma(a, b, c); }
inline Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v)}; }
inline float sum_of(Vec a) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps(x, x, 1)));
}
inline float max_of(Vec a) {
  __m128 x = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  x = _mm_max_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_max_ss(x, _mm_shuffle_ps(x, x, 1)));
}
inline bool any_at_least(Vec a, Vec limit) { return _mm256_movemask_ps(_mm256_cmp_ps(a.v, limit.v, _CMP_GE_OQ)) != 0; }
inline Vec keep_above(Vec limit, Vec x, Vec value) {
  return {_mm256_and_ps(_mm256_cmp_ps(limit.v, x.v, _CMP_LE_OQ), value.v)};
}
inline Vec power_of_two(Vec n) {
  return {
      _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127)), 23))};
}
inline Vec widen_bf16(__m128i x) { return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16))}; }
inline __m128i load_short(const std::uint16_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline __m128i load_short_partial(const std::uint16_t* p, std::size_t n) {
  std::uint16_t lanes[8] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load_short(lanes);
}
inline Vec load(const std::uint16_t* p) { return widen_bf16(load_short(p)); }
inline Vec load_partial(const std::uint16_t* p, std::size_t n) { return widen_bf16(load_short_partial(p, n)); }
inline Vec load(const std::int8_t* p) {
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
inline Vec load_partial(const std::int8_t* p, std::size_t n) {
  std::int8_t lanes[8] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
}
inline Vec load_f16(const std::uint16_t* p) { return {_mm256_cvtph_ps(load_short(p))}; }
inline Vec load_f16_partial(const std::uint16_t* p, std::size_t n) {
  return {_mm256_cvtph_ps(load_short_partial(p, n))};
}
inline void store_bf16(std::uint16_t* p, Vec x) {
  const __m256i bits = _mm256_castps_si256(x.v);
  const __m256i lowest = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), lowest);
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q));
  const __m256i upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(upper, upper), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
}
inline void store_f16(std::uint16_t* p, Vec x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x.v, _MM_FROUND_TO_NEAREST_INT));
}

#else  // four lanes of the compiler's own vector type: SSE2 here, any other machine tomorrow

constexpr std::size_t kLanes = 4;
using Float4 = float __attribute__((vector_size(16)));
using Int4 = std::int32_t __attribute__((vector_size(16)));
struct Vec {
  Float4 v;
};
inline Vec zero() { return {Float4{0, 0, 0, 0}}; }
inline Vec set1(float x) { return {Float4{x, x, x, x}}; }
inline Vec load(const float* p) {
  Vec x;
  __builtin_memcpy(&x.v, p, sizeof x.v);
  return x;
}
inline Vec load_partial(const float* p, std::size_t n) {
  Vec x = zero();
  for (std::size_t i = 0; i < n; ++i) x.v[i] = p[i];
  return x;
}
inline void store(float* p, Vec x) { __builtin_memcpy(p, &x.v, sizeof x.v); }
inline void store_partial(float* p, Vec x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) p[i] = x.v[i];
}
inline Vec add(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec sub(Vec a, Vec b) { return {a.v - b.v}; }
inline Vec mul(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {a.v * b.v + c.v}; }  // rounded twice
// a b + c rounded once, as the fused instructions of the other levels do. The product is exact in double; rounding the
// sum first to double and then to float goes wrong only where the double lies in the middle between two floats, or
// where floats are subnormal and so coarser. There the sum is rounded to odd (Boldo and Melquiond, Emulation of FMA and
// correctly rounded sums, 2008), which keeps on which side of the middle it lay.
using Double2 = double __attribute__((vector_size(16)));
using Long2 = std::int64_t __attribute__((vector_size(16)));
inline Double2 to_odd(Double2 product, Double2 c) {
  Double2 sum = product + c;
  const Double2 part = sum - product;
  const Double2 error = (product - (sum - part)) + (c - part);  // what rounding the sum took away
  Long2 bits;
  __builtin_memcpy(&bits, &sum, sizeof bits);
  // An even sum that is not exact goes to its odd neighbour on the side of the error; true is -1.
  const Long2 inexact = ((error > 0) | (error < 0)) & ((bits & 1) - 1);
  const Long2 inwards = (error > 0) ^ (sum > 0);
  bits += inexact & (1 + inwards + inwards);
  __builtin_memcpy(&sum, &bits, sizeof sum);
  return sum;
}
inline Double2 lower(Vec x) { return Double2{x.v[0], x.v[1]}; }
inline Double2 upper(Vec x) { return Double2{x.v[2], x.v[3]}; }
inline Vec narrow(Double2 low, Double2 high) {
  return {Float4{static_cast<float>(low[0]), static_cast<float>(low[1]), static_cast<float>(high[0]),
                 static_cast<float>(high[1])}};
}
inline Vec fused(Vec a, Vec b, Vec c) {
  const Double2 low = lower(a) * lower(b);
  const Double2 high = upper(a) * upper(b);
  const Double2 sums[] = {low + lower(c), high + upper(c)};
  const Vec rounded = narrow(sums[0], sums[1]);
  Int4 words[2];
  __builtin_memcpy(words, sums, sizeof words);
  const Int4 lower_words = __builtin_shufflevector(words[0], words[1], 0, 2, 4, 6);
  const Int4 subnormal = (rounded.v < 0x1p-126F) & (rounded.v > -0x1p-126F);
  const Int4 doubtful = ((lower_words & 0x1fffffff) == 0x10000000) | subnormal;
  Long2 any;
  __builtin_memcpy(&any, &doubtful, sizeof any);
  if (__builtin_expect((any[0] | any[1]) == 0, 1)) return rounded;
  return narrow(to_odd(low, lower(c)), to_odd(high, upper(c)));
}
inline Vec max(Vec a, Vec b) { return {a.v > b.v ? a.v : b.v}; }
inline Vec abs(Vec a) { return {a.v < 0 ? -a.v : a.v}; }
inline float sum_of(Vec a) { return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]); }
inline float max_of(Vec a) {
  const float left = a.v[0] > a.v[1] ? a.v[0] : a.v[1];
  const float right = a.v[2] > a.v[3] ? a.v[2] : a.v[3];
  return left > right ? left : right;
}
inline bool any_at_least(Vec a, Vec limit) {
  const Int4 found = a.v >= limit.v;
  return (found[0] | found[1] | found[2] | found[3]) != 0;
}
inline Vec keep_above(Vec limit, Vec x, Vec value) { return {limit.v <= x.v ? value.v : zero().v}; }
inline Vec power_of_two(Vec n) {
  const Int4 whole = __builtin_convertvector(n.v, Int4);
  Vec x;
  const Int4 bits = (whole + 127) << 23;
  __builtin_memcpy(&x.v, &bits, sizeof bits);
  return x;
}
inline Vec load(const std::uint16_t* p) {
  return {Float4{scalar_from_bf16(p[0]), scalar_from_bf16(p[1]), scalar_from_bf16(p[2]), scalar_from_bf16(p[3])}};
}
inline Vec load_partial(const std::uint16_t* p, std::size_t n) {
  Vec x = zero();
  for (std::size_t i = 0; i < n; ++i) x.v[i] = scalar_from_bf16(p[i]);
  return x;
}
inline Vec load_partial(const std::int8_t* p, std::size_t n) {
  Vec x = zero();
  for (std::size_t i = 0; i < n; ++i) x.v[i] = static_cast<float>(p[i]);
  return x;
}
inline Vec load(const std::int8_t* p) { return load_partial(p, kLanes); }
inline void store_bf16(std::uint16_t* p, Vec x) {
  for (std::size_t i = 0; i < kLanes; ++i) p[i] = scalar_to_bf16(x.v[i]);
}

// IEEE half: 1 sign, 5 exponent (bias 15), 10 mantissa bits. Multiplying by 2^112 moves the exponent's bias, subnormal
// halves included.
inline float scalar_from_f16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7fffU) << 13;
  if (magnitude >= 0x0f800000U) {  // infinity or NaN (made quiet, as the hardware does)
    const std::uint32_t quiet = magnitude > 0x0f800000U ? 0x400000U : 0U;
    return bits_to_float(sign | 0x7f800000U | magnitude | quiet);
  }
  return bits_to_float(sign | float_to_bits(bits_to_float(magnitude) * 0x1p112F));
}
inline std::uint16_t scalar_to_f16(float value) {
  const std::uint32_t bits = float_to_bits(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U | ((magnitude >> 13) & 0x3ffU));
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);  // rounds to infinity
  if (magnitude < 0x38800000U) {  // subnormal half: adding 0.5 makes the float unit round at 2^-24
    const float rounded = bits_to_float(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (float_to_bits(rounded) - 0x3f000000U));
  }
  const std::uint32_t rounded = magnitude + 0xfffU + ((magnitude >> 13) & 1U);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13));
}
inline Vec load_f16(const std::uint16_t* p) {
  return {Float4{scalar_from_f16(p[0]), scalar_from_f16(p[1]), scalar_from_f16(p[2]), scalar_from_f16(p[3])}};
}
inline Vec load_f16_partial(const std::uint16_t* p, std::size_t n) {
  Vec x = zero();
  for (std::size_t i = 0; i < n; ++i) x.v[i] = scalar_from_f16(p[i]);
  return x;
}
inline void store_f16(std::uint16_t* p, Vec x) {
  for (std::size_t i = 0; i < kLanes; ++i) p[i] = scalar_to_f16(x.v[i]);
}

#endif

}  // namespace
}  // namespace isogloss::simd
