// SPDX-License-Identifier: Apache-2.0
#include "model/static/fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "math/decompose.hpp"
#include "math/gemm.hpp"
#include "math/ridge.hpp"
#include "math/topk.hpp"
#include "math/vector.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kBatch = 4096;    // texts asked of the teacher together
constexpr std::size_t kHeldOut = 2000;  // texts kept for the quality
constexpr std::size_t kNeighbours = 10;
constexpr std::size_t kRotated = 100'000;  // texts that decide the order of the columns

void scale_rows(math::Matrix& rows, float length) {
  for (std::size_t i = 0; i < rows.rows(); ++i) math::scale_to_length(length, rows.row(i));
}

// a / (a + p) with p the piece's share of the corpus; special pieces weigh nothing.
std::vector<float> frequency_weights(const Teacher& teacher, const CorpusSample& sample, double sif) {
  std::vector<float> weights(sample.counts.size());
  for (std::uint32_t id = 0; id < weights.size(); ++id) {
    const double share = static_cast<double>(sample.counts[id]) / static_cast<double>(sample.tokens);
    weights[id] = teacher.is_special(id) ? 0.0F : static_cast<float>(sif / (sif + share));
  }
  return weights;
}

// Texts [begin, end) as rows that sum to 1.
math::CsrMatrix bags(const CorpusSample& sample, std::span<const float> weights, std::size_t begin, std::size_t end) {
  math::CsrMatrix out;
  out.columns = weights.size();
  std::vector<float> values;
  for (std::size_t i = begin; i < end; ++i) {
    const std::span<const std::uint32_t> ids = sample.text(i);
    values.assign(ids.size(), 0.0F);
    float total = 0;
    for (std::size_t e = 0; e < ids.size(); ++e) total += values[e] = weights[ids[e]];
    for (float& value : values) value = total > 0 ? value / total : 0.0F;
    out.append_row(ids, values);
  }
  return out;
}

Result<math::Matrix> ask(const Teacher& teacher, const CorpusSample& sample, std::size_t begin, std::size_t end,
                         Context& context) {
  std::vector<std::span<const std::uint32_t>> texts;
  for (std::size_t i = begin; i < end; ++i) texts.push_back(sample.text(i));
  return teacher.vectors(texts, context);
}

// a^T (y - mean y), gathered batch by batch, so that y is never held as a whole.
class Answers {
 public:
  Answers(const math::CsrView& a, std::size_t dim) : a_(a), sums_(a.columns, dim), mean_(dim) {}

  // The next rows of y.
  void add(const math::Matrix& y, const Context& context) {
    const math::CsrView a = a_.middle_rows(texts_, y.rows());
    parallel_for(context, y.columns(), 64, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = 0; i < a.rows; ++i) {
        const auto row = y.row(i).subspan(begin, end - begin);
        for (std::size_t e = a.starts[i]; e < a.starts[i + 1]; ++e) {
          math::add_scaled(a.values[e], row, sums_.row(a.column_of[e]).subspan(begin, end - begin));
        }
        for (std::size_t j = begin; j < end; ++j) mean_[j] += static_cast<double>(y(i, j));
      }
    });
    texts_ += a.rows;
  }

  math::Matrix take() {
    std::vector<double> shares(sums_.rows());  // a^T 1
    for (std::size_t e = 0; e < a_.entries(); ++e) shares[a_.column_of[e]] += static_cast<double>(a_.values[e]);
    for (double& m : mean_) m /= static_cast<double>(texts_);
    for (std::size_t id = 0; id < sums_.rows(); ++id) {
      for (std::size_t j = 0; j < sums_.columns(); ++j) sums_(id, j) -= static_cast<float>(shares[id] * mean_[j]);
    }
    return std::move(sums_);
  }

 private:
  math::CsrView a_;           // (texts, pieces)
  math::Matrix sums_;         // (pieces, dim)
  std::vector<double> mean_;  // (dim)
  std::size_t texts_ = 0;     // that were added
};

// Eigenvectors of rows^T rows, strongest first. (dim, dim)
Result<math::Matrix> principal_axes(math::MatrixView rows, const Context& context) {
  const std::size_t n = rows.columns;
  math::Matrix products(n, n);
  math::gemm(rows.transposed(), rows, products.view(), math::Write::set, context);
  math::MatrixF64 moments(n, n);
  for (std::size_t i = 0; i < n; ++i) std::ranges::copy(products.row(i), moments.row(i).begin());
  const math::SymmetricEigen eigen = IG_TRY(math::symmetric_eigen(moments.view()));
  math::Matrix axes(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    std::ranges::transform(eigen.vectors.row(i), axes.row(i).begin(), [](double x) { return static_cast<float>(x); });
  }
  return axes;
}

math::Matrix rotated(const math::Matrix& rows, const math::Matrix& axes, std::size_t dim, const Context& context) {
  math::Matrix out(rows.rows(), dim);
  math::gemm(rows.view(), axes.view().middle_rows(0, dim).transposed(), out.view(), math::Write::set, context);
  return out;
}

// Cosines of all rows with one another, themselves left out by -1. Rows have length 1.
math::Matrix cosines(const math::Matrix& rows, const Context& context) {
  math::Matrix out(rows.rows(), rows.rows());
  math::gemm(rows.view(), rows.view().transposed(), out.view(), math::Write::set, context);
  for (std::size_t i = 0; i < out.rows(); ++i) out(i, i) = -1;
  return out;
}

DistillQuality compare(const math::Matrix& taught, const math::Matrix& learnt, const Context& context) {
  const math::Matrix x = cosines(taught, context);
  const math::Matrix y = cosines(learnt, context);
  DistillQuality quality;
  quality.texts = taught.rows();
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double a = static_cast<double>(x(i, j));
      const double b = static_cast<double>(y(i, j));
      n += 1, sx += a, sy += b, sxx += a * a, syy += b * b, sxy += a * b;
    }
    const auto nearest = math::top_k(x.row(i), kNeighbours);
    for (const math::Scored& found : math::top_k(y.row(i), kNeighbours)) {
      kept += std::ranges::any_of(nearest, [&](const math::Scored& own) { return own.id == found.id; }) ? 1 : 0;
    }
  }
  quality.correlation = (n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
  quality.neighbours_kept = static_cast<double>(kept) / static_cast<double>(x.rows() * kNeighbours);
  return quality;
}

}  // namespace

Result<FittedTable> fit_to_corpus(const Teacher& teacher, const CorpusSample& sample, math::Matrix start,
                                  const DistillOptions& options, Context& context) {
  FittedTable table;
  table.weights = frequency_weights(teacher, sample, options.sif);
  scale_rows(start, static_cast<float>(options.start));
  const std::size_t held_out = std::min(kHeldOut, sample.texts() / 10);
  const math::Matrix taught = IG_TRY(ask(teacher, sample, 0, held_out, context));
  const math::CsrMatrix a = bags(sample, table.weights, held_out, sample.texts());
  Answers answers(a.view(), start.columns());
  for (std::size_t begin = held_out; begin < sample.texts(); begin += kBatch) {
    IG_TRY(context.check());
    const std::size_t end = std::min(sample.texts(), begin + kBatch);
    answers.add(IG_TRY(ask(teacher, sample, begin, end, context)), context);
    context.report({"teach", "texts", static_cast<double>(end), static_cast<double>(sample.texts()), 0});
  }
  const math::Matrix aty = answers.take();
  math::RidgeOptions ridge;
  ridge.lambda = options.lambda;
  ridge.iterations = 100;
  ridge.tolerance = 1e-3;
  context.report({"fit", "columns", 0, static_cast<double>(start.columns()), 0});
  IG_TRY(math::ridge_regression(a.view(), aty.view(), ridge, start.view(), context));

  const auto rows_of = [&](const math::CsrView& texts, const math::Matrix& vectors) {
    math::Matrix rows(texts.rows, vectors.columns());
    math::sparse_gemm(texts, vectors.view(), rows.view(), context);
    return rows;
  };
  const std::size_t dim = options.dim != 0 ? static_cast<std::size_t>(options.dim) : start.columns();
  const math::CsrView first = a.view().middle_rows(0, std::min(a.rows, kRotated));
  const math::Matrix axes = IG_TRY(principal_axes(rows_of(first, start).view(), context));
  table.vectors = rotated(start, axes, dim, context);
  if (held_out == 0) return table;
  math::Matrix learnt = rows_of(bags(sample, table.weights, 0, held_out).view(), table.vectors);
  scale_rows(learnt, 1);
  table.quality = compare(taught, learnt, context);
  return table;
}

Result<FittedTable> fit_to_pieces(math::Matrix start, std::size_t dim, double sif) {
  const Context alone;
  FittedTable table;
  const math::Matrix axes = IG_TRY(principal_axes(start.view(), alone));
  table.vectors = rotated(start, axes, dim, alone);
  // Zipf: the piece with number i is taken for the (i + 2)th most frequent word.
  double harmonic = 0;
  for (std::size_t i = 0; i < start.rows(); ++i) harmonic += 1.0 / static_cast<double>(i + 2);
  for (std::size_t i = 0; i < start.rows(); ++i) {
    const double share = 1.0 / static_cast<double>(i + 2) / harmonic;
    const float squares = math::squared_length(start.row(i));
    table.weights.push_back(squares > 0 ? static_cast<float>(sif / (sif + share)) : 0.0F);
  }
  return table;
}

}  // namespace isogloss::model
