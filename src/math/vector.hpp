// SPDX-License-Identifier: Apache-2.0
// Single vectors and rows picked from a matrix, on the kernels of simd/. Same bits whatever stands beside a row.
#pragma once

#include <cstdint>
#include <span>

namespace isogloss::math {

float dot(std::span<const float> a, std::span<const float> b);     // REQUIRES: as many values in both
double dot(std::span<const double> a, std::span<const double> b);  // the same, in the order of the values
float squared_length(std::span<const float> x);
float largest_magnitude(std::span<const float> x);
// 0 where one of them is zero.
float cosine(std::span<const float> a, std::span<const float> b);
void scale(float factor, std::span<float> x);                                 // x *= factor
void add_scaled(float factor, std::span<const float> x, std::span<float> y);  // y += factor x
// To this length; a zero vector stays zero.
void scale_to_length(float length, std::span<float> x);

// out = sum over i of weights[i] times row picks[i], cut to the columns of out, in the order of the picks. rows (*,
// stride).
void weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> picks, const float* rows,
                  std::size_t stride, std::span<float> out);
void weighted_sum(std::span<const float> weights, std::span<const std::uint32_t> picks, const std::int8_t* rows,
                  std::size_t stride, std::span<float> out);
// out[i] = dot of query and row i. rows (out, query), without gaps.
void dot_rows(std::span<const float> query, const float* rows, std::span<float> out);

// Narrowing; both sides have as many values. Widening: narrow.hpp.
void narrow_f16(std::span<const float> x, std::span<std::uint16_t> out);
// out = clamp(round(x * inverse_scale), -127, 127)
void narrow_i8(std::span<const float> x, float inverse_scale, std::span<std::int8_t> out);

}  // namespace isogloss::math
