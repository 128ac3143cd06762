// SPDX-License-Identifier: Apache-2.0
// Row by row: normalisation, and rows of f32 to u8.
#pragma once

#include "nn/encoder/multiply_inl.hpp"

namespace isogloss::nn {
namespace {

// Sums over a row in kChains independent chains: a chain of additions waits four cycles for each.
constexpr std::size_t kChains = 4;
template <class Value>
inline float sum_over(const float* x, std::size_t n, Value value) {
  Vec sum[kChains] = {zero(), zero(), zero(), zero()};
  std::size_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (std::size_t c = 0; c < kChains; ++c) sum[c] = add(sum[c], value(load(x + i + c * kLanes)));
  }
  for (; i + kLanes <= n; i += kLanes) sum[0] = add(sum[0], value(load(x + i)));
  float total = sum_of(add(add(sum[0], sum[1]), add(sum[2], sum[3])));
  if (i < n) {
    float tail[kLanes];
    store(tail, value(load_partial(x + i, n - i)));
    for (std::size_t j = 0; i + j < n; ++j) total += tail[j];
  }
  return total;
}

inline void store_some(float* p, Vec x, std::size_t n) { n == kLanes ? store(p, x) : store_partial(p, x, n); }
inline void narrow_some(std::uint16_t* p, Vec x, std::size_t n) {
  if (n == kLanes) return store_narrow(p, x);
  std::uint16_t tail[kLanes];
  store_narrow(tail, x);
  for (std::size_t i = 0; i < n; ++i) p[i] = tail[i];
}
inline Vec load_some(const float* p, std::size_t n) { return n == kLanes ? load(p) : load_partial(p, n); }

void normalize(Norm norm, const float* x, std::size_t stride, std::size_t rows, std::size_t n, const float* gamma,
               const float* beta, float eps, float* out, std::uint16_t* narrow) {
  const float inverse_n = 1.0F / static_cast<float>(n);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* const row = x + r * stride;
    Vec mean = zero();
    if (norm == Norm::layer) mean = set1(sum_over(row, n, [](Vec v) { return v; }) * inverse_n);
    const float squares = sum_over(row, n, [mean](Vec v) {
      const Vec distance = sub(v, mean);
      return mul(distance, distance);
    });
    const Vec factor = set1(1.0F / __builtin_sqrtf(squares * inverse_n + eps));
    for (std::size_t i = 0; i < n; i += kLanes) {
      const std::size_t count = n - i < kLanes ? n - i : kLanes;
      const Vec scaled = mul(sub(load_some(row + i, count), mean), factor);
      const Vec shift = beta != nullptr ? load_some(beta + i, count) : zero();
      const Vec y = fma(scaled, load_some(gamma + i, count), shift);
      if (out != nullptr) store_some(out + r * stride + i, y, count);
      if (narrow != nullptr) narrow_some(narrow + r * stride + i, y, count);
    }
  }
}

// A register of a row, times the factors of its columns where there are any.
inline Vec scaled(const float* x, const float* factors) {
  return factors == nullptr ? load(x) : mul(load(x), load(factors));
}
inline Vec scaled_partial(const float* x, const float* factors, std::size_t n) {
  return factors == nullptr ? load_partial(x, n) : mul(load_partial(x, n), load_partial(factors, n));
}
inline const float* behind(const float* factors, std::size_t i) { return factors == nullptr ? nullptr : factors + i; }

// Smallest and largest value of a row and 0.
struct Range {
  float low;
  float high;
};
inline Range range_of(const float* x, const float* factors, std::size_t n) {
  Vec high = zero();
  Vec low = zero();  // of -x
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec v = scaled(x + i, behind(factors, i));
    high = max(high, v);
    low = max(low, sub(zero(), v));
  }
  if (i < n) {
    const Vec v = scaled_partial(x + i, behind(factors, i), n - i);
    high = max(high, v);
    low = max(low, sub(zero(), v));
  }
  return {-max_of(low), max_of(high)};
}

inline void store_bytes(std::uint8_t* p, Vec x) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x.v)));
#else
  float lanes[kLanes];
  store(lanes, x);
  // Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even, and leaves it in the low bits.
  for (std::size_t i = 0; i < kLanes; ++i) p[i] = static_cast<std::uint8_t>(float_to_bits(lanes[i] + 12582912.0F));
#endif
}

// q = round(x factor / scale) + zero, scale = (high - low) / 255.
void quantize(const float* x, std::size_t stride, std::size_t rows, std::size_t n, const float* factors,
              std::uint8_t* out, std::size_t out_stride, float* scale, std::int32_t* zero_point) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* const row = x + r * stride;
    std::uint8_t* const to = out + r * out_stride;
    const Range range = range_of(row, factors, n);
    const float span = range.high - range.low;
    const float inverse = span > 0.0F ? 255.0F / span : 1.0F;
    const float shift = (-range.low * inverse + 12582912.0F) - 12582912.0F;
    scale[r] = span > 0.0F ? span / 255.0F : 1.0F;
    zero_point[r] = static_cast<std::int32_t>(shift);
    const Vec factor = set1(inverse);
    const Vec middle = set1(shift);
    const Vec top = set1(255.0F);
    std::size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      store_bytes(to + i, smaller(max(fma(scaled(row + i, behind(factors, i)), factor, middle), zero()), top));
    }
    if (i < n) {
      std::uint8_t tail[kLanes];
      store_bytes(tail,
                  smaller(max(fma(scaled_partial(row + i, behind(factors, i), n - i), factor, middle), zero()), top));
      for (std::size_t j = 0; i + j < n; ++j) to[i + j] = tail[j];
    }
  }
}

}  // namespace
}  // namespace isogloss::nn
