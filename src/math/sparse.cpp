// SPDX-License-Identifier: Apache-2.0
#include "core/assert.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

Status CsrView::check() const {
  if (starts.size() != rows + 1 || starts.front() != 0 || starts.back() != values.size() ||
      column_of.size() != values.size()) {
    return fail(Code::invalid_argument, "A sparse matrix of " + std::to_string(rows) +
                                            " rows needs one start per row and one after the last, and as many "
                                            "columns as values.");
  }
  if (!std::ranges::is_sorted(starts)) {
    return fail(Code::invalid_argument, "The row starts of a sparse matrix must ascend.");
  }
  for (const std::uint32_t column : column_of) {
    if (column >= columns) {
      return fail(Code::invalid_argument, "A sparse matrix of " + std::to_string(columns) +
                                              " columns has an entry in column " + std::to_string(column) + ".");
    }
  }
  return {};
}

void CsrMatrix::append_row(std::span<const std::uint32_t> row_columns, std::span<const float> row_values) {
  IG_ASSERT(row_columns.size() == row_values.size());
  column_of.insert(column_of.end(), row_columns.begin(), row_columns.end());
  values.insert(values.end(), row_values.begin(), row_values.end());
  starts.push_back(values.size());
  ++rows;
}

CsrMatrix transposed(const CsrView& matrix) {
  CsrMatrix out;
  out.rows = matrix.columns;
  out.columns = matrix.rows;
  out.starts.assign(out.rows + 1, 0);
  out.column_of.resize(matrix.entries());
  out.values.resize(matrix.entries());
  for (const std::uint32_t column : matrix.column_of) ++out.starts[column + 1];
  for (std::size_t i = 0; i < out.rows; ++i) out.starts[i + 1] += out.starts[i];
  std::vector<std::size_t> next(out.starts.begin(), out.starts.end() - 1);
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (std::size_t e = matrix.starts[i]; e < matrix.starts[i + 1]; ++e) {
      const std::size_t place = next[matrix.column_of[e]]++;
      out.column_of[place] = static_cast<std::uint32_t>(i);
      out.values[place] = matrix.values[e];
    }
  }
  return out;
}

}  // namespace isogloss::math
