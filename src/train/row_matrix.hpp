// SPDX-License-Identifier: Apache-2.0
// Rows of floats, each at a cache line of its own and padded with zeros, on huge pages where the system has them:
// word2vec on enwiki18m took 9.2 and 9.5 s with them on two threads, 10.2 and 13.3 s without; on one thread they do not
// matter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/huge_pages.hpp"
#include "math/matrix.hpp"

namespace isogloss::training {

inline constexpr std::size_t kRowFloats = 16;  // rows are padded with zeros to a multiple of it

class RowMatrix {
 public:
  RowMatrix() = default;
  // Zeros.
  RowMatrix(std::size_t rows, std::size_t dim)
      : rows_(rows), dim_(dim), padded_((dim + kRowFloats - 1) / kRowFloats * kRowFloats), data_(rows * padded_) {
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
  // The same as a copy.
  std::vector<float> take() && {
    std::vector<float> out(rows_ * dim_);
    for (std::size_t i = 0; i < rows_; ++i) std::copy_n(row(i), dim_, out.data() + i * dim_);
    *this = {};
    return out;
  }

 private:
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::size_t padded_ = 0;
  math::AlignedVector<float> data_;  // (rows, padded)
};

}  // namespace isogloss::training
