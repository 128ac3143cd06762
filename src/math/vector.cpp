// SPDX-License-Identifier: Apache-2.0
#include "math/vector.hpp"

#include <cmath>

#include "simd/kernels.hpp"

namespace isogloss::math {

float dot(std::span<const float> a, std::span<const float> b) {
  return simd::kernels().dot(a.data(), b.data(), a.size());
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

float squared_length(std::span<const float> x) { return simd::kernels().sum_of_squares(x.data(), x.size()); }

float largest_magnitude(std::span<const float> x) { return simd::kernels().max_abs(x.data(), x.size()); }

float cosine(std::span<const float> a, std::span<const float> b) {
  const simd::CosineParts parts = simd::kernels().cosine_parts(a.data(), b.data(), a.size());
  const float lengths = std::sqrt(parts.norm_a) * std::sqrt(parts.norm_b);
  return lengths > 0 ? parts.dot / lengths : 0.0F;
}

void scale(float factor, std::span<float> x) { simd::kernels().scale(factor, x.data(), x.size()); }

void add_scaled(float factor, std::span<const float> x, std::span<float> y) {
  simd::kernels().axpy(factor, x.data(), y.data(), x.size());
}

void scale_to_length(float length, std::span<float> x) {
  const float squares = squared_length(x);
  if (squares > 0) scale(length / std::sqrt(squares), x);
}

void weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> picks, const float* rows,
                  std::size_t stride, std::span<float> out) {
  simd::kernels().gather_sum(weights.data(), picks.data(), picks.size(), rows, stride, out.size(), out.data());
}

// All rows are asked for before the first is needed: a table is larger than the cache of a core.
void weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> picks, const std::int8_t* rows,
                  std::size_t stride, std::span<float> out) {
  for (const std::uint32_t row : picks) {
    for (std::size_t at = 0; at < out.size(); at += 64) __builtin_prefetch(rows + row * stride + at);
  }
  simd::kernels().gather_sum_i8(weights.data(), picks.data(), picks.size(), rows, stride, out.size(), out.data());
}

void dot_rows(std::span<const float> query, const float* rows, std::span<float> out) {
  simd::kernels().dot_rows_f32(query.data(), rows, query.size(), nullptr, out.size(), query.size(), out.data());
}

void narrow_f16(std::span<const float> x, std::span<std::uint16_t> out) {
  simd::kernels().f32_to_f16(x.data(), out.data(), x.size());
}

void narrow_i8(std::span<const float> x, float inverse_scale, std::span<std::int8_t> out) {
  simd::kernels().f32_to_i8(x.data(), inverse_scale, out.data(), x.size());
}

}  // namespace isogloss::math
