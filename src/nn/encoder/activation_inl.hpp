// SPDX-License-Identifier: Apache-2.0
// Activations of a register. Included by encoder_kernels.cpp only.
#pragma once

#include "nn/encoder/kernels.hpp"
#include "simd/exp_inl.hpp"
#include "simd/vec_inl.hpp"

namespace isogloss::nn {
namespace {

using namespace simd;  // the Vec of this instruction set

inline Vec divide(Vec a, Vec b) { return {a.v / b.v}; }
inline Vec smaller(Vec a, Vec b) { return sub(zero(), max(sub(zero(), a), sub(zero(), b))); }

// Phi(t) - 1/2, t in [0, 6): the normal distribution's integral in 16 pieces of degree 5 (error 4e-9).
constexpr std::size_t kSegments = 16;
constexpr std::size_t kDegree = 5;
constexpr float kEnd = 6.0F;
alignas(64) constexpr float kPhi[kDegree + 1][kSegments] = {
#include "nn/encoder/gelu_table.inc"
};

#if defined(__AVX512F__)
using Lookup = __m512i;
inline Lookup whole_part(Vec x) { return _mm512_cvttps_epi32(x.v); }
inline Vec as_float(Lookup i) { return {_mm512_cvtepi32_ps(i)}; }
inline Vec look_up(const float (&table)[kSegments], Lookup i) {
  return {_mm512_permutexvar_ps(i, _mm512_load_ps(table))};
}
#elif defined(__AVX2__)
using Lookup = __m256i;
inline Lookup whole_part(Vec x) { return _mm256_cvttps_epi32(x.v); }
inline Vec as_float(Lookup i) { return {_mm256_cvtepi32_ps(i)}; }
inline Vec look_up(const float (&table)[kSegments], Lookup i) {
  const __m256 low = _mm256_permutevar8x32_ps(_mm256_load_ps(table), i);
  const __m256 high = _mm256_permutevar8x32_ps(_mm256_load_ps(table + 8), i);
  return {_mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(i, 28)))};
}
#else
struct Lookup {
  std::size_t at[kLanes];
};
inline Lookup whole_part(Vec x) {
  Lookup i;
  for (std::size_t l = 0; l < kLanes; ++l) i.at[l] = static_cast<std::size_t>(x.v[l]);
  return i;
}
inline Vec as_float(const Lookup& i) {
  Vec x = zero();
  for (std::size_t l = 0; l < kLanes; ++l) x.v[l] = static_cast<float>(i.at[l]);
  return x;
}
inline Vec look_up(const float (&table)[kSegments], const Lookup& i) {
  Vec x = zero();
  for (std::size_t l = 0; l < kLanes; ++l) x.v[l] = table[i.at[l]];
  return x;
}
#endif

// x Phi(x) = x / 2 + |x| (Phi(|x|) - 1/2). NaN: the minimum takes the bound, the outer multiplication keeps NaN.
inline Vec gelu(Vec x) {
  const Vec size = abs(x);
  const Vec at = smaller(mul(size, set1(kSegments / kEnd)), set1(15.999F));
  const Lookup segment = whole_part(at);
  const Vec u = sub(sub(at, as_float(segment)), set1(0.5F));
  Vec p = look_up(kPhi[kDegree], segment);
  for (std::size_t d = kDegree; d-- > 0;) p = fma(p, u, look_up(kPhi[d], segment));
  return fma(size, p, mul(x, set1(0.5F)));
}

// x / (1 + exp(-slope(x))): SiLU, and with other slopes the cheap forms of GELU.
inline Vec times_sigmoid(Vec x, Vec slope) { return divide(x, add(set1(1.0F), exp_of(sub(zero(), slope)))); }

// GELU by tanh: x / 2 (1 + tanh z) = x sigmoid(2 z), z = sqrt(2 / pi) (x + 0.044715 x^3).
inline Vec gelu_tanh(Vec x) {
  const Vec z = mul(x, fma(mul(x, x), set1(0.0713548162726F), set1(1.5957691216057F)));
  return times_sigmoid(x, z);
}

inline Vec tanh_of(Vec x) { return sub(divide(set1(2.0F), add(set1(1.0F), exp_of(mul(x, set1(-2.0F))))), set1(1.0F)); }

inline Vec apply(Activation activation, Vec x) {
  switch (activation) {
    case Activation::none:
      return x;
    case Activation::gelu:
      return gelu(x);
    case Activation::gelu_tanh:
      return gelu_tanh(x);
    case Activation::quick_gelu:
      return times_sigmoid(x, mul(x, set1(1.702F)));
    case Activation::silu:
      return times_sigmoid(x, x);
    case Activation::relu:
      return max(x, zero());
    case Activation::tanh:
      return tanh_of(x);
  }
  return x;
}

void activate(Activation activation, float* x, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, apply(activation, load(x + i)));
  if (i < n) store_partial(x + i, apply(activation, load_partial(x + i, n - i)), n - i);
}

}  // namespace
}  // namespace isogloss::nn
