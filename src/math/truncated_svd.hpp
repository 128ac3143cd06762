// SPDX-License-Identifier: Apache-2.0
// The largest singular values and vectors of a sparse matrix (latent semantic analysis).
#pragma once

#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

struct TruncatedSvdOptions {
  std::size_t components = 100;
  // Stop when the span of the vectors is within this angle (radians, estimated) of the exact one, or when f32
  // arithmetic allows no better.
  double tolerance = 1e-3;
  // The most basis vectors to build, 0 = 10 * components + 200. Memory: that many times min(rows, columns) floats.
  std::size_t max_basis = 0;
};

struct TruncatedSvd {
  std::vector<double> values;  // (k), descending, k = min(components, rows, columns)
  Matrix left;                 // (rows, k), columns orthonormal
  Matrix right;                // (columns, k), columns orthonormal; the entry of greatest magnitude is positive
  std::size_t basis_size = 0;  // vectors built until the stop
  double angle = 0;            // the estimate at the stop
};

// a ~ left diag(values) right^T. Same bits for the same seed (context.seed) at any number of threads.
// Error{invalid_argument}: a value is not finite, components = 0, or the arrays of `a` do not fit together.
Result<TruncatedSvd> truncated_svd(const CsrView& a /* (rows, columns) */, const TruncatedSvdOptions& options,
                                   const Context& context);

}  // namespace isogloss::math
