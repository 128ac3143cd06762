// SPDX-License-Identifier: Apache-2.0
// Matrix products in f32, on the kernels of simd/. Results do not depend on the number of threads.
#pragma once

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

enum class Write { set, add };

// c = a b, or c += a b. Any strides in a and b; c has column_stride 1. REQUIRES: a.columns == b.rows, c is
// (a.rows, b.columns) and overlaps neither a nor b.
void gemm(MatrixView a /* (m, k) */, MatrixView b /* (k, n) */, MutableMatrixView c /* (m, n) */, Write write,
          const Context& context);

// The right side of products, packed once for many left sides.
class PackedRight {
 public:
  PackedRight() = default;
  explicit PackedRight(MatrixView b /* (k, n) */);
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

 private:
  friend void gemm(MatrixView, const PackedRight&, MutableMatrixView, Write, const Context&);
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  AlignedVector<float> panels_;
};
// The same bits as gemm with the matrix itself, as long as a has more than 24 rows.
void gemm(MatrixView a /* (m, k) */, const PackedRight& b /* (k, n) */, MutableMatrixView c /* (m, n) */, Write write,
          const Context& context);

// c = s d for sparse s. d and c have column_stride 1; c does not overlap d. REQUIRES: s.columns == d.rows, c is
// (s.rows, d.columns).
void sparse_gemm(const CsrView& s /* (m, k) */, MatrixView d /* (k, n) */, MutableMatrixView c /* (m, n) */,
                 const Context& context);

}  // namespace isogloss::math
