// SPDX-License-Identifier: Apache-2.0
// Decompositions of small dense matrices in f64: up to a few hundred columns, one thread, the same bits everywhere.
#pragma once

#include <vector>

#include "isogloss/result.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

// a = q r, q (m, min(m, n)) with orthonormal columns, r (min(m, n), n) upper triangular with diagonal >= 0.
struct Qr {
  MatrixF64 q;
  MatrixF64 r;
};
Qr qr(MatrixViewF64 a /* (m, n) */);

// a = sum_i values[i] v_i v_i^T, values descending, v_i = row i of vectors.
struct SymmetricEigen {
  std::vector<double> values;  // (n)
  MatrixF64 vectors;           // (n, n), rows orthonormal
};
// Reads the lower triangle. Error{invalid_argument} when a value is not finite.
Result<SymmetricEigen> symmetric_eigen(MatrixViewF64 a /* (n, n) */);

// a = sum_i values[i] u_i v_i^T, values descending and >= 0; u_i = row i of left, v_i = row i of right.
struct Svd {
  std::vector<double> values;  // (k), k = min(m, n)
  MatrixF64 left;              // (k, m), rows orthonormal
  MatrixF64 right;             // (k, n), rows orthonormal
};
// Error{invalid_argument} when a value is not finite.
Result<Svd> svd(MatrixViewF64 a /* (m, n) */);

}  // namespace isogloss::math
