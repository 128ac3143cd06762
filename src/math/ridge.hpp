// SPDX-License-Identifier: Apache-2.0
// Linear least squares with many outputs and a sparse left side, drawn towards a start (ridge regression).
#pragma once

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

struct RidgeOptions {
  double lambda = 1;             // > 0
  std::size_t iterations = 100;  // the most
  // Stop when every column's residual has fallen to this part of its first one.
  double tolerance = 1e-4;
};

// The x that minimises |y - a x|^2 + lambda |x - x0|^2, x0 = x as given. Only a^T y is needed of y, so that y may be
// larger than memory. Conjugate gradients with the diagonal as preconditioner, every column of x on its own; memory: 4
// times 64 columns of x for each thread. Same bits at any number of threads.
// Error{invalid_argument}: lambda <= 0, shapes that do not fit; Error{cancelled}.
Status ridge_regression(const CsrView& a /* (m, n) */, MatrixView aty /* (n, k) */, const RidgeOptions& options,
                        MutableMatrixView x /* (n, k) */, Context& context);

}  // namespace isogloss::math
