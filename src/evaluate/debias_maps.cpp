// SPDX-License-Identifier: Apache-2.0
// The soft map has a closed form, where the paper solves a semidefinite program. With X = T^T T, C = W^T W, D = N^T N
// and the axis b, the gradient of both terms vanishes when
//
//   2 C (X - I) C + strength (D X b b^T + b b^T X D) = 0.
//
// Multiplied by C^-1 from both sides this says X = I - strength / 2 (s t^T + t s^T) with t = C^-1 b and s = C^-1 D X b.
// Written with R = C^-1/2, G = R D R, q = R b and u = C^1/2 X b, which is what is not known:
//
//   (I + a G) u + strength / 2 q (G q)^T u = C q,   a = strength |q|^2 / 2
//
// a symmetric system and a product of two vectors (Sherman and Morrison 1950); then s = R G u, t = R q. X has two
// values that are not 1, 1 - strength / 2 (s.t +- |s| |t|); T is its root. Where one is below zero the least lies on
// the edge of the positive matrices, and the closed form is not it. Directions that no row has stay out of R.
#include "evaluate/debias_maps.hpp"

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "math/decompose.hpp"
#include "math/gemm.hpp"
#include "math/vector.hpp"

namespace isogloss::evaluation {
namespace {

using Vector = std::vector<double>;
constexpr std::size_t kBlock = 4096;  // rows of a product in f32
constexpr double kNothing = 1e-10;    // of the largest value of C: no row goes there

using math::dot;

Vector times(const math::MatrixF64& a, std::span<const double> x) {
  Vector out(a.rows());
  for (std::size_t i = 0; i < a.rows(); ++i) out[i] = dot(a.row(i), x);
  return out;
}

math::MatrixF64 times(const math::MatrixF64& a, const math::MatrixF64& b) {
  math::MatrixF64 out(a.rows(), b.columns());
  for (std::size_t i = 0; i < a.rows(); ++i) {
    for (std::size_t k = 0; k < b.rows(); ++k) {
      for (std::size_t j = 0; j < b.columns(); ++j) out(i, j) += a(i, k) * b(k, j);
    }
  }
  return out;
}

// Sum of row row^T over the picked rows. (dim, dim)
Result<math::MatrixF64> second_moments(math::MatrixView rows, std::span<const std::size_t> picks, Context& context) {
  math::MatrixF64 out(rows.columns, rows.columns);
  math::Matrix block(std::min(kBlock, picks.size()), rows.columns), part(rows.columns, rows.columns);
  for (std::size_t begin = 0; begin < picks.size(); begin += kBlock) {
    IG_TRY(context.check());
    const std::size_t count = std::min(kBlock, picks.size() - begin);
    for (std::size_t i = 0; i < count; ++i) std::ranges::copy(rows.row(picks[begin + i]), block.row(i).begin());
    const math::MatrixView taken = std::as_const(block).view().middle_rows(0, count);
    math::gemm(taken.transposed(), taken, part.view(), math::Write::set, context);
    for (std::size_t i = 0; i < rows.columns; ++i) {
      for (std::size_t j = 0; j < rows.columns; ++j) out(i, j) += static_cast<double>(part(i, j));
    }
  }
  return out;
}

// f of the values of a symmetric matrix.
template <class F>
math::MatrixF64 function_of(const math::SymmetricEigen& eigen, F&& f) {
  const std::size_t n = eigen.values.size();
  math::MatrixF64 out(n, n);
  for (std::size_t k = 0; k < n; ++k) {
    const double value = f(eigen.values[k]);
    if (value == 0) continue;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) out(i, j) += value * eigen.vectors(k, i) * eigen.vectors(k, j);
    }
  }
  return out;
}

// The root of I - strength / 2 (s t^T + t s^T).
Result<math::MatrixF64> root(const Vector& s, const Vector& t, double strength) {
  const double lengths = std::sqrt(dot(s, s) * dot(t, t)), product = dot(s, t);
  if (1 - strength / 2 * (product + lengths) < -1e-9) {
    return fail(Code::invalid_argument, "the strength " + std::to_string(strength) +
                                            " is above what these words allow: no map is best. Take a lower one.");
  }
  const std::size_t n = s.size();
  math::MatrixF64 out(n, n);
  for (std::size_t i = 0; i < n; ++i) out(i, i) = 1;
  const double s_length = std::sqrt(dot(s, s)), t_length = std::sqrt(dot(t, t));
  for (const double sign : {1.0, -1.0}) {  // the vectors s / |s| +- t / |t| are those whose value is not 1
    Vector axis(n);
    for (std::size_t i = 0; i < n; ++i) axis[i] = s[i] / s_length + sign * t[i] / t_length;
    const double squared = dot(axis, axis);
    if (squared < 1e-20) continue;  // s and t are parallel: there is one
    const double value = std::max(0.0, 1 - strength / 2 * (product + sign * lengths));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) out(i, j) += (std::sqrt(value) - 1) * axis[i] * axis[j] / squared;
    }
  }
  return out;
}

double along(std::span<const float> row, std::span<const double> axis) {
  double sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) sum += static_cast<double>(row[i]) * axis[i];
  return sum;
}

}  // namespace

Result<Direction> bias_direction(math::MatrixView rows, const RowPairs& pairs) {
  math::MatrixF64 halves(pairs.size(), rows.columns);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (std::size_t j = 0; j < rows.columns; ++j) {
      halves(i, j) = (static_cast<double>(rows(pairs[i].first, j)) - static_cast<double>(rows(pairs[i].second, j))) / 2;
    }
  }
  const math::Svd found = IG_TRY(math::svd(std::as_const(halves).view()));
  const double all = dot(found.values, found.values);
  if (all <= 0)
    return fail(Code::invalid_argument, "the words of every pair have equal vectors: there is no direction.");
  const auto axis = found.right.row(0);
  return Direction{Vector(axis.begin(), axis.end()), found.values[0] * found.values[0] / all};
}

void neutralize(std::span<float> row, std::span<const double> axis) {
  const double share = along(row, axis);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = static_cast<float>(static_cast<double>(row[i]) - share * axis[i]);
  }
  math::scale_to_length(1, row);
}

void equalize(std::span<float> a, std::span<float> b, std::span<const double> axis) {
  const double sign = along(a, axis) < along(b, axis) ? -1 : 1;
  Vector middle(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) middle[i] = (static_cast<double>(a[i]) + static_cast<double>(b[i])) / 2;
  const double share = dot(middle, axis);
  for (std::size_t i = 0; i < a.size(); ++i) middle[i] -= share * axis[i];
  const double z = sign * std::sqrt(std::max(0.0, 1 - dot(middle, middle)));
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(middle[i] + z * axis[i]);
    b[i] = static_cast<float>(middle[i] - z * axis[i]);
  }
}

Result<math::MatrixF64> soft_map(math::MatrixView rows, std::span<const std::size_t> neutral,
                                 std::span<const double> axis, double strength, Context& context) {
  if (!(strength > 0) || !std::isfinite(strength)) {
    return fail(Code::invalid_argument,
                "the strength of soft debiasing must be above 0, not " + std::to_string(strength) + ".");
  }
  std::vector<std::size_t> all(rows.rows);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const math::MatrixF64 c = IG_TRY(second_moments(rows, all, context));
  const math::MatrixF64 d = IG_TRY(second_moments(rows, neutral, context));
  const math::SymmetricEigen of_c = IG_TRY(math::symmetric_eigen(c.view()));
  const double least = kNothing * of_c.values.front();
  const math::MatrixF64 r = function_of(of_c, [&](double value) { return value > least ? 1 / std::sqrt(value) : 0; });
  const math::MatrixF64 g = times(times(r, d), r);
  const Vector q = times(r, axis), gq = times(g, q);
  const double a = strength * dot(q, q) / 2;
  const math::MatrixF64 inverse = function_of(IG_TRY(math::symmetric_eigen(g.view())),
                                              [&](double value) { return 1 / (1 + a * std::max(0.0, value)); });
  Vector u = times(inverse, times(c, q));
  const Vector z = times(inverse, q);
  const double back = strength / 2 * dot(gq, u) / (1 + strength / 2 * dot(gq, z));
  for (std::size_t i = 0; i < u.size(); ++i) u[i] -= back * z[i];
  return root(times(r, times(g, u)), times(r, q), strength);
}

void apply_map(std::span<float> row, const math::MatrixF64& map) {
  const Vector before(row.begin(), row.end());
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(dot(map.row(i), before));
  math::scale_to_length(1, row);
}

}  // namespace isogloss::evaluation
