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

// c = s d for sparse s. d and c have column_stride 1; c does not overlap d. REQUIRES: s.columns == d.rows, c is
// (s.rows, d.columns).
void sparse_gemm(const CsrView& s /* (m, k) */, MatrixView d /* (k, n) */, MutableMatrixView c /* (m, n) */,
                 const Context& context);

}  // namespace isogloss::math
