// SPDX-License-Identifier: Apache-2.0
#include "heads/features.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "math/gemm.hpp"

namespace isogloss::heads {
namespace {

// What pairs of values add up to.
struct Sums {
  double dot = 0, a = 0, b = 0, squares = 0, sizes = 0;

  void add(float left, float right) {
    const double x = static_cast<double>(left);
    const double y = static_cast<double>(right);
    dot += x * y;
    a += x * x;
    b += y * y;
    squares += (x - y) * (x - y);
    sizes += std::abs(x - y);
  }
  Likeness likeness() const {
    const double lengths = std::sqrt(a) * std::sqrt(b);
    return {lengths > 0 ? dot / lengths : 0, dot, std::sqrt(squares), sizes};
  }
};

void scale_to_one(std::span<float> values) {
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * static_cast<double>(v);
  if (squares == 0) return;
  for (float& v : values) v = static_cast<float>(static_cast<double>(v) / std::sqrt(squares));
}

}  // namespace

Features Features::pick(std::span<const std::size_t> rows) const {
  Features out;
  out.is_sparse_ = is_sparse_;
  if (is_sparse_) {
    out.sparse_.columns = sparse_.columns;
    for (const std::size_t row : rows) out.sparse_.append_row(sparse().row_columns(row), sparse().row_values(row));
    return out;
  }
  out.dense_ = math::Matrix(rows.size(), dense_.columns());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(dense_.row(rows[i]), out.dense_.row(i).begin());
  return out;
}

Features Features::normalized() const {
  Features out = *this;
  for (std::size_t i = 0; i < size(); ++i) {
    if (is_sparse_) {
      const std::size_t begin = sparse_.starts[i];
      scale_to_one(std::span(out.sparse_.values).subspan(begin, sparse_.starts[i + 1] - begin));
    } else {
      scale_to_one(out.dense_.row(i));
    }
  }
  return out;
}

Likeness Features::likeness(std::size_t row, const Features& other, std::size_t other_row) const {
  Sums sums;
  if (!is_sparse_) {
    for (std::size_t j = 0; j < dim(); ++j) sums.add(dense_(row, j), other.dense_(other_row, j));
    return sums.likeness();
  }
  const auto columns = sparse().row_columns(row), others = other.sparse().row_columns(other_row);
  const auto values = sparse().row_values(row), other_values = other.sparse().row_values(other_row);
  for (std::size_t i = 0, j = 0; i < columns.size() || j < others.size();) {
    const bool left = j == others.size() || (i < columns.size() && columns[i] <= others[j]);
    const bool right = i == columns.size() || (j < others.size() && others[j] <= columns[i]);
    sums.add(left ? values[i] : 0.0f, right ? other_values[j] : 0.0f);
    i += left ? 1 : 0;
    j += right ? 1 : 0;
  }
  return sums.likeness();
}

void Features::products(const Features& other, math::MutableMatrixView out, const Context& context) const {
  if (!is_sparse_) return math::gemm(dense(), other.dense().transposed(), out, math::Write::set, context);
  // Rows that hold a column, column after column: only columns in common are met.
  const math::CsrMatrix turned = math::transposed(other.sparse());
  parallel_for(context, size(), 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<float> row = out.row(i);
      std::ranges::fill(row, 0.0f);
      const auto columns = sparse().row_columns(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const float value = sparse().row_values(i)[k];
        const auto holders = turned.view().row_columns(columns[k]);
        const auto values = turned.view().row_values(columns[k]);
        for (std::size_t h = 0; h < holders.size(); ++h) row[holders[h]] += value * values[h];
      }
    }
  });
}

}  // namespace isogloss::heads
