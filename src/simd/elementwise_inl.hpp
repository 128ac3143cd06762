// SPDX-License-Identifier: Apache-2.0
// Loops that write one value per value read: axpy, scale, exp, and the conversions between number types.
#pragma once

#include "simd/exp_inl.hpp"
#include "simd/vec_inl.hpp"

namespace isogloss::simd {
namespace {

void axpy(float alpha, const float* x, float* y, std::size_t n) {
  const Vec factor = set1(alpha);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, fma(factor, load(x + i), load(y + i)));
  if (i < n) store_partial(y + i, fma(factor, load_partial(x + i, n - i), load_partial(y + i, n - i)), n - i);
}

void scale(float alpha, float* x, std::size_t n) {
  const Vec factor = set1(alpha);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, mul(factor, load(x + i)));
  if (i < n) store_partial(x + i, mul(factor, load_partial(x + i, n - i)), n - i);
}

// softmax's inner loop: x = exp(x - shift), returns sum x.
float exp_sum(float shift, float* x, std::size_t n) {
  const Vec offset = set1(shift);
  Vec total = zero();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec y = exp_of(sub(load(x + i), offset));
    store(x + i, y);
    total = add(total, y);
  }
  float sum = sum_of(total);
  if (i < n) {
    float tail[kLanes] = {};
    store(tail, exp_of(sub(load_partial(x + i, n - i), offset)));
    for (std::size_t j = 0; i + j < n; ++j) {
      x[i + j] = tail[j];
      sum += tail[j];
    }
  }
  return sum;
}

void f32_to_bf16(const float* x, std::uint16_t* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_bf16(out + i, load(x + i));
  for (; i < n; ++i) out[i] = scalar_to_bf16(x[i]);
}

void bf16_to_f32(const std::uint16_t* x, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i));
  for (; i < n; ++i) out[i] = scalar_from_bf16(x[i]);
}

void f32_to_f16(const float* x, std::uint16_t* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_f16(out + i, load(x + i));
  if (i < n) {
    std::uint16_t tail[kLanes];
    store_f16(tail, load_partial(x + i, n - i));
    for (std::size_t j = 0; i + j < n; ++j) out[i + j] = tail[j];
  }
}

void f16_to_f32(const std::uint16_t* x, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load_f16(x + i));
  if (i < n) store_partial(out + i, load_f16_partial(x + i, n - i), n - i);
}

// One value: the maximum with -127 comes first and turns NaN into -127, as the vector form does.
inline std::int8_t scalar_to_i8(float x, float inverse_scale) {
  const float scaled = x * inverse_scale;
  const float above = scaled > -127.0F ? scaled : -127.0F;
  const float bounded = above < 127.0F ? above : 127.0F;
  const float rounded = (bounded + 12582912.0F) - 12582912.0F;  // to nearest, ties to even
  return static_cast<std::int8_t>(rounded);
}

void f32_to_i8(const float* x, float inverse_scale, std::int8_t* out, std::size_t n) {
  std::size_t i = 0;
#if defined(__AVX512F__)
  const __m512 factor = _mm512_set1_ps(inverse_scale);
  for (; i + kLanes <= n; i += kLanes) {
    const __m512 scaled = _mm512_max_ps(_mm512_mul_ps(_mm512_loadu_ps(x + i), factor), _mm512_set1_ps(-127.0F));
    const __m512i whole = _mm512_cvtps_epi32(_mm512_min_ps(scaled, _mm512_set1_ps(127.0F)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi32_epi8(whole));
  }
#elif defined(__AVX2__)
  const __m256 factor = _mm256_set1_ps(inverse_scale);
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 scaled = _mm256_max_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), factor), _mm256_set1_ps(-127.0F));
    const __m256i whole = _mm256_cvtps_epi32(_mm256_min_ps(scaled, _mm256_set1_ps(127.0F)));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packs_epi16(words, words));
  }
#endif
  for (; i < n; ++i) out[i] = scalar_to_i8(x[i], inverse_scale);
}

}  // namespace
}  // namespace isogloss::simd
