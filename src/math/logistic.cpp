// SPDX-License-Identifier: Apache-2.0
// Mean loss and gradient as two matrix products, minimised by L-BFGS.
//
//   F(W, b) = 1/n sum_i -log p(y_i | x_i) + |W|^2 / (2 c n)
//   p = softmax(W x + b), or with two classes p(1 | x) = 1 / (1 + exp(-(w x + b))), one weight row
//   dF/dW = 1/n sum_i (p_i - onehot(y_i)) x_i^T + W / (c n)
//
// Both are divided by n as scikit-learn does since 1.2, so that the tolerance means the same. Two classes have one
// score because two scores under the same penalty have another minimum.
//
// Layout. Parameters are f64: the weights, then the intercepts. The products run in f32 (rows x W^T, residual^T x
// rows), values and residuals are summed in f64 block by block: the gradient carries about 1e-7 of noise, and
// coefficients agree with scikit-learn's f64 ones to about 1e-4. Sparse rows need W with features first, dense ones
// with scores first; the two Data classes below hide that.
#include "math/logistic.hpp"

#include <cmath>

#include "core/parallel.hpp"
#include "math/gemm.hpp"
#include "math/lbfgs.hpp"
#include "math/softmax.hpp"
#include "simd/kernels.hpp"

namespace isogloss::math {
namespace {

constexpr std::size_t kRows = 512;  // per task

class DenseData {
 public:
  explicit DenseData(MatrixView rows) : rows_(rows) {}
  std::size_t size() const { return rows_.rows; }
  std::size_t dim() const { return rows_.columns; }
  std::size_t at(std::size_t score, std::size_t feature, std::size_t) const { return score * dim() + feature; }

  // scores (n, s) = rows W^T
  void multiply(const Matrix& w, MutableMatrixView scores, const Context& context) const {
    const MatrixView weights{w.data(), scores.columns, dim(), dim(), 1};
    if (scores.columns > 1) return gemm(rows_, weights.transposed(), scores, Write::set, context);
    parallel_for(context, size(), kRows, [&](std::size_t begin, std::size_t end) {
      simd::kernels().dot_rows_f32(w.data(), &rows_(begin, 0), rows_.row_stride, nullptr, end - begin, dim(),
                                   &scores(begin, 0));
    });
  }
  // out, of W's layout, = residual^T rows
  void multiply_back(MatrixView residual, Matrix& out, const Context& context) const {
    gemm(residual.transposed(), rows_, {out.data(), residual.columns, dim(), dim(), 1}, Write::set, context);
  }

 private:
  MatrixView rows_;
};

class SparseData {
 public:
  explicit SparseData(const CsrView& rows) : rows_(rows), turned_(transposed(rows)) {}
  std::size_t size() const { return rows_.rows; }
  std::size_t dim() const { return rows_.columns; }
  std::size_t at(std::size_t score, std::size_t feature, std::size_t scores) const { return feature * scores + score; }

  void multiply(const Matrix& w, MutableMatrixView scores, const Context& context) const {
    const std::size_t s = scores.columns;
    sparse_gemm(rows_, {w.data(), dim(), s, s, 1}, scores, context);
  }
  void multiply_back(MatrixView residual, Matrix& out, const Context& context) const {
    sparse_gemm(turned_.view(), residual, {out.data(), dim(), residual.columns, residual.columns, 1}, context);
  }

 private:
  CsrView rows_;
  CsrMatrix turned_;
};

// Turns a row of scores into (p - onehot(label)) and returns -log p(label). scores (s)
double softmax_residual(std::span<float> scores, std::uint32_t label) {
  const double at_label = scores[label];
  const double loss = softmax(scores) - at_label;
  scores[label] -= 1.0F;
  return loss;
}

// The same for two classes and one score: -log p = log(1 + exp(-z)) for label 1, with z = -score for label 0.
double sigmoid_residual(float& score, std::uint32_t label) {
  const double z = label == 1 ? score : -score;
  const double loss = z > 0 ? std::log1p(std::exp(-z)) : -z + std::log1p(std::exp(z));
  const double p = 1 / (1 + std::exp(-static_cast<double>(score)));
  score = static_cast<float>(p - label);
  return loss;
}

template <class Data>
class Problem {
 public:
  Problem(const Data& data, std::span<const std::uint32_t> labels, std::size_t scores, double c, const Context& context)
      : data_(data),
        labels_(labels),
        s_(scores),
        penalty_(1 / (c * static_cast<double>(data.size()))),
        context_(context),
        weights_(scores, data.dim()),
        back_(scores, data.dim()),
        scores_(data.size(), scores) {}

  std::size_t parameters() const { return s_ * data_.dim() + s_; }

  double operator()(std::span<const double> x, std::span<double> gradient) {
    const std::size_t w = s_ * data_.dim();
    for (std::size_t i = 0; i < w; ++i) weights_.data()[i] = static_cast<float>(x[i]);
    data_.multiply(weights_, scores_.view(), context_);
    const double inverse = 1 / static_cast<double>(data_.size());
    double value = residuals(x.subspan(w), gradient.subspan(w)) * inverse;
    for (double& g : gradient.subspan(w)) g *= inverse;
    data_.multiply_back(scores_.view(), back_, context_);
    for (std::size_t i = 0; i < w; ++i) {
      gradient[i] = back_.data()[i] * inverse + penalty_ * x[i];
      value += 0.5 * penalty_ * x[i] * x[i];
    }
    return value;
  }

 private:
  // scores_ become residuals; returns the summed loss, writes their column sums. intercepts, sums (s)
  double residuals(std::span<const double> intercepts, std::span<double> sums) {
    const std::size_t blocks = (data_.size() + kRows - 1) / kRows;
    std::vector<double> partial(blocks * (s_ + 1));
    parallel_for(context_, data_.size(), kRows, [&](std::size_t begin, std::size_t end) {
      const std::span<double> sum = std::span(partial).subspan(begin / kRows * (s_ + 1), s_ + 1);
      for (std::size_t i = begin; i < end; ++i) {
        const std::span<float> row = scores_.row(i);
        for (std::size_t j = 0; j < s_; ++j) row[j] += static_cast<float>(intercepts[j]);
        sum[s_] += s_ == 1 ? sigmoid_residual(row[0], labels_[i]) : softmax_residual(row, labels_[i]);
        for (std::size_t j = 0; j < s_; ++j) sum[j] += row[j];
      }
    });
    std::ranges::fill(sums, 0.0);
    double loss = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::size_t j = 0; j < s_; ++j) sums[j] += partial[block * (s_ + 1) + j];
      loss += partial[block * (s_ + 1) + s_];
    }
    return loss;
  }

  const Data& data_;
  std::span<const std::uint32_t> labels_;
  std::size_t s_;
  double penalty_;
  const Context& context_;
  Matrix weights_;  // the weights in f32, in the layout of Data
  Matrix back_;     // their gradient, in the same layout
  Matrix scores_;   // (n, s)
};

Status check(std::size_t rows, std::span<const std::uint32_t> labels, std::size_t classes,
             const LogisticOptions& options) {
  if (classes < 2) return fail(Code::invalid_argument, "A classifier needs at least two classes.");
  if (rows == 0 || labels.size() != rows) {
    return fail(Code::invalid_argument, "A classifier needs one label per row, and at least one row; it got " +
                                            std::to_string(labels.size()) + " labels for " + std::to_string(rows) +
                                            " rows.");
  }
  if (!(options.c > 0)) return fail(Code::invalid_argument, "The inverse penalty c must be above 0.");
  for (std::size_t i = 0; i < rows; ++i) {
    if (labels[i] < classes) continue;
    return fail(Code::invalid_argument,
                "Label " + std::to_string(labels[i]) + " is outside [0, " + std::to_string(classes) + ").",
                static_cast<std::ptrdiff_t>(i));
  }
  return {};
}

template <class Data>
Result<Logistic> fit(const Data& data, std::span<const std::uint32_t> labels, std::size_t classes,
                     const LogisticOptions& options, const Context& context) {
  const std::size_t s = classes == 2 ? 1 : classes;
  Problem<Data> problem(data, labels, s, options.c, context);
  std::vector<double> x(problem.parameters());
  const LbfgsResult found = IG_TRY(lbfgs([&](auto at, auto gradient) { return problem(at, gradient); }, x,
                                         {.rounds = options.rounds, .tolerance = options.tolerance}, context));
  Logistic out{classes, Matrix(s, data.dim()), std::vector<float>(s), found.rounds, found.converged};
  for (std::size_t j = 0; j < s; ++j) {
    for (std::size_t f = 0; f < data.dim(); ++f) out.weights(j, f) = static_cast<float>(x[data.at(j, f, s)]);
    out.intercepts[j] = static_cast<float>(x[s * data.dim() + j]);
  }
  return out;
}

// Scores without intercepts -> probabilities. scores (n, s)
Matrix to_probabilities(Matrix scores, const Logistic& model) {
  if (model.classes > 2) {
    for (std::size_t i = 0; i < scores.rows(); ++i) {
      for (std::size_t j = 0; j < scores.columns(); ++j) scores(i, j) += model.intercepts[j];
      softmax(scores.row(i));
    }
    return scores;
  }
  Matrix out(scores.rows(), 2);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const double z = scores(i, 0) + model.intercepts[0];
    out(i, 1) = static_cast<float>(1 / (1 + std::exp(-z)));
    out(i, 0) = static_cast<float>(1 / (1 + std::exp(z)));
  }
  return out;
}

}  // namespace

Matrix Logistic::probabilities(MatrixView rows, const Context& context) const {
  Matrix scores(rows.rows, weights.rows());
  gemm(rows, weights.view().transposed(), scores.view(), Write::set, context);
  return to_probabilities(std::move(scores), *this);
}

Matrix Logistic::probabilities(const CsrView& rows, const Context& context) const {
  Matrix turned(weights.columns(), weights.rows());
  for (std::size_t i = 0; i < turned.rows(); ++i) {
    for (std::size_t j = 0; j < turned.columns(); ++j) turned(i, j) = weights(j, i);
  }
  Matrix scores(rows.rows, weights.rows());
  sparse_gemm(rows, turned.view(), scores.view(), context);
  return to_probabilities(std::move(scores), *this);
}

Result<Logistic> fit_logistic(MatrixView rows, std::span<const std::uint32_t> labels, std::size_t classes,
                              const LogisticOptions& options, const Context& context) {
  IG_TRY(check(rows.rows, labels, classes, options));
  for (std::size_t i = 0; i < rows.rows; ++i) {
    if (std::isfinite(simd::kernels().sum_of_squares(&rows(i, 0), rows.columns))) continue;
    return fail(Code::invalid_argument, "Row " + std::to_string(i) + " holds a value that is not finite.",
                static_cast<std::ptrdiff_t>(i));
  }
  return fit(DenseData(rows), labels, classes, options, context);
}

Result<Logistic> fit_logistic(const CsrView& rows, std::span<const std::uint32_t> labels, std::size_t classes,
                              const LogisticOptions& options, const Context& context) {
  IG_TRY(rows.check());
  IG_TRY(check(rows.rows, labels, classes, options));
  if (!std::isfinite(simd::kernels().sum_of_squares(rows.values.data(), rows.values.size()))) {
    return fail(Code::invalid_argument, "The features hold a value that is not finite.");
  }
  return fit(SparseData(rows), labels, classes, options, context);
}

}  // namespace isogloss::math
