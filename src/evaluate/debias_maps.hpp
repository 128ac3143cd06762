// SPDX-License-Identifier: Apache-2.0
// A direction of bias among rows of length 1, and the two ways to lower it (Bolukbasi, Chang, Zou, Saligrama and Kalai
// 2016, "Man is to computer programmer as woman is to homemaker?").
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::evaluation {

struct Direction {
  std::vector<double> axis;  // (dim), of length 1
  double explained = 0;      // its share of the variance
};
using RowPairs = std::vector<std::pair<std::size_t, std::size_t>>;

// The first principal component of both halves of every pair, seen from its middle. Error{invalid_argument}: the rows
// of all pairs are equal, or a value is not finite. REQUIRES: a pair.
Result<Direction> bias_direction(math::MatrixView rows /* (n, dim) */, const RowPairs& pairs);

// row -= (row . axis) axis, at length 1 again.
void neutralize(std::span<float> row, std::span<const double> axis);
// Both rows become y + z axis and y - z axis, y = the middle of the pair without its share of the axis, z so that their
// length is 1: every neutral row is then as far from one as from the other.
void equalize(std::span<float> a, std::span<float> b, std::span<const double> axis);

// T, symmetric, of the least |W T^T T W^T - W W^T|^2 + strength |N T^T T axis|^2, W = all rows, N = the neutral ones,
// and the sum of squares of all elements for |.|^2: products of rows stay, neutral rows lose their part of the axis.
// Error{invalid_argument}: strength <= 0, or one at which the least is not at a symmetric positive X = T^T T.
Result<math::MatrixF64> soft_map(math::MatrixView rows /* (n, dim) */, std::span<const std::size_t> neutral,
                                 std::span<const double> axis, double strength, Context& context);
// row = T row, at length 1 again.
void apply_map(std::span<float> row, const math::MatrixF64& map);

}  // namespace isogloss::evaluation
