// SPDX-License-Identifier: Apache-2.0
#include "math/ridge.hpp"

#include <array>
#include <cmath>

#include "core/parallel.hpp"
#include "simd/kernels.hpp"

namespace isogloss::math {
namespace {

constexpr std::size_t kSlice = 64;  // columns solved together: four registers of AVX-512, a few megabytes of rows

using Sums = std::array<double, kSlice>;

// (a^T a + lambda) d = a^T y - a^T a x0 for one slice of columns; x = x0 + d. Blocks are (n, kSlice); columns beyond
// the slice's width stay zero.
class SliceSolver {
 public:
  SliceSolver(const CsrView& a, std::span<const float> inverse_diagonal, const RidgeOptions& options)
      : a_(a), inverse_diagonal_(inverse_diagonal), options_(options), lambda_(static_cast<float>(options.lambda)) {}

  // `cancelled` is asked between steps.
  template <class Cancelled>
  void solve(MatrixView aty, MutableMatrixView x, const Cancelled& cancelled) {
    const std::size_t n = aty.rows;
    for (AlignedVector<float>* block : {&residual_, &step_, &image_}) block->assign(n * kSlice, 0.0F);
    copy(x, step_);
    normal(0);  // image = a^T a x0
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < x.columns; ++j) residual_[i * kSlice + j] = aty(i, j) - image_[i * kSlice + j];
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < kSlice; ++j) step_[i * kSlice + j] = inverse_diagonal_[i] * residual_[i * kSlice + j];
    }
    Sums rho = scaled_squares();
    const Sums first = rho;
    for (std::size_t round = 0; round < options_.iterations && !done(rho, first) && !cancelled(); ++round) {
      normal(lambda_);
      const Sums curvature = products(step_, image_);
      advance(x, rho, curvature);
      const Sums next = scaled_squares();
      turn(next, rho);
      rho = next;
    }
  }

 private:
  void copy(MatrixView from, AlignedVector<float>& to) const {
    for (std::size_t i = 0; i < from.rows; ++i) {
      for (std::size_t j = 0; j < from.columns; ++j) to[i * kSlice + j] = from(i, j);
    }
  }

  // image = (a^T a + ridge) step
  void normal(float ridge) {
    const simd::Kernels& k = simd::kernels();
    for (std::size_t i = 0; i < image_.size(); ++i) image_[i] = ridge * step_[i];
    alignas(64) float sum[kSlice];
    for (std::size_t i = 0; i < a_.rows; ++i) {
      const std::span<const std::uint32_t> columns = a_.row_columns(i);
      const std::span<const float> values = a_.row_values(i);
      k.gather_sum(values.data(), columns.data(), columns.size(), step_.data(), kSlice, kSlice, sum);
      for (std::size_t e = 0; e < columns.size(); ++e) k.axpy(values[e], sum, &image_[columns[e] * kSlice], kSlice);
    }
  }

  // Per column, sum over rows of u v; in f32 over runs of 64 rows.
  template <class Product>
  Sums sums(const Product& product) const {
    Sums total{};
    const std::size_t n = image_.size() / kSlice;
    for (std::size_t begin = 0; begin < n; begin += 64) {
      float part[kSlice] = {};
      for (std::size_t i = begin; i < std::min(n, begin + 64); ++i) {
        for (std::size_t j = 0; j < kSlice; ++j) part[j] += product(i, j);
      }
      for (std::size_t j = 0; j < kSlice; ++j) total[j] += static_cast<double>(part[j]);
    }
    return total;
  }
  Sums products(const AlignedVector<float>& u, const AlignedVector<float>& v) const {
    return sums([&](std::size_t i, std::size_t j) { return u[i * kSlice + j] * v[i * kSlice + j]; });
  }
  Sums scaled_squares() const {
    return sums([&](std::size_t i, std::size_t j) {
      return inverse_diagonal_[i] * residual_[i * kSlice + j] * residual_[i * kSlice + j];
    });
  }

  // x += alpha step, residual -= alpha image; a column that is solved stands still.
  void advance(MutableMatrixView x, const Sums& rho, const Sums& curvature) {
    float alpha[kSlice];
    for (std::size_t j = 0; j < kSlice; ++j) {
      alpha[j] = curvature[j] > 0 ? static_cast<float>(rho[j] / curvature[j]) : 0.0F;
    }
    for (std::size_t i = 0; i < x.rows; ++i) {
      const float* const step = &step_[i * kSlice];
      const float* const image = &image_[i * kSlice];
      float* const residual = &residual_[i * kSlice];
      for (std::size_t j = 0; j < kSlice; ++j) residual[j] -= alpha[j] * image[j];
      for (std::size_t j = 0; j < x.columns; ++j) x(i, j) += alpha[j] * step[j];
    }
  }

  // step = residual / diagonal + beta step
  void turn(const Sums& next, const Sums& last) {
    float beta[kSlice];
    for (std::size_t j = 0; j < kSlice; ++j) beta[j] = last[j] > 0 ? static_cast<float>(next[j] / last[j]) : 0.0F;
    for (std::size_t i = 0; i < step_.size() / kSlice; ++i) {
      for (std::size_t j = 0; j < kSlice; ++j) {
        const std::size_t at = i * kSlice + j;
        step_[at] = inverse_diagonal_[i] * residual_[at] + beta[j] * step_[at];
      }
    }
  }

  bool done(const Sums& rho, const Sums& first) const {
    const double part = options_.tolerance * options_.tolerance;
    for (std::size_t j = 0; j < kSlice; ++j) {
      if (rho[j] > part * first[j]) return false;
    }
    return true;
  }

  const CsrView& a_;
  std::span<const float> inverse_diagonal_;  // (n)
  const RidgeOptions& options_;
  float lambda_;
  AlignedVector<float> residual_, step_, image_;  // (n, kSlice)
};

}  // namespace

Status ridge_regression(const CsrView& a, MatrixView aty, const RidgeOptions& options, MutableMatrixView x,
                        Context& context) {
  if (!(options.lambda > 0)) {
    return fail(Code::invalid_argument, "lambda must be above 0, not " + std::to_string(options.lambda) + ".");
  }
  if (aty.rows != a.columns || x.rows != a.columns || x.columns != aty.columns) {
    return fail(Code::invalid_argument, "The matrices of a regression do not fit together.");
  }
  IG_TRY(a.check());
  std::vector<float> inverse_diagonal(a.columns, 0.0F);
  for (std::size_t e = 0; e < a.entries(); ++e) inverse_diagonal[a.column_of[e]] += a.values[e] * a.values[e];
  for (float& d : inverse_diagonal) d = 1.0F / (d + static_cast<float>(options.lambda));

  parallel_for(context, x.columns, kSlice, [&](std::size_t begin, std::size_t end) {
    SliceSolver solver(a, inverse_diagonal, options);
    solver.solve(aty.middle_columns(begin, end - begin), x.middle_columns(begin, end - begin),
                 [&] { return !context.check(); });
  });
  return context.check();
}

}  // namespace isogloss::math
