// SPDX-License-Identifier: Apache-2.0
// The rows of a model as small models on top of it read them: dense or sparse, in the same words.
#pragma once

#include <cstddef>
#include <span>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::heads {

// How near two rows are.
struct Likeness {
  double cosine = 0;  // 0 when a row is zero
  double dot = 0;
  double euclidean = 0;  // distances
  double manhattan = 0;
};

// Immutable once filled; several threads may read.
class Features {
 public:
  Features() = default;
  explicit Features(math::Matrix rows) : dense_(std::move(rows)) {}
  explicit Features(math::CsrMatrix rows) : sparse_(std::move(rows)), is_sparse_(true) {}

  bool is_sparse() const { return is_sparse_; }
  std::size_t size() const { return is_sparse_ ? sparse_.rows : dense_.rows(); }
  std::size_t dim() const { return is_sparse_ ? sparse_.columns : dense_.columns(); }
  math::MatrixView dense() const { return dense_.view(); }  // REQUIRES: !is_sparse()
  math::CsrView sparse() const { return sparse_.view(); }   // REQUIRES: is_sparse()

  // Those rows, in that order; a row may be picked twice.
  Features pick(std::span<const std::size_t> rows) const;
  // The same rows with length 1; zeros stay zeros.
  Features normalized() const;
  // REQUIRES: rows of one model.
  Likeness likeness(std::size_t row, const Features& other, std::size_t other_row) const;
  // Products of all rows with all of `other`. out (size, other.size)
  void products(const Features& other, math::MutableMatrixView out, const Context& context) const;

 private:
  math::Matrix dense_;
  math::CsrMatrix sparse_;
  bool is_sparse_ = false;
};

}  // namespace isogloss::heads
