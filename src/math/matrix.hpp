// SPDX-License-Identifier: Apache-2.0
// Matrices: views of somebody's memory, owners, and sparse rows. Element (i, j) of a view lies at
// data[i * row_stride + j * column_stride]; a transposed view costs nothing. Nothing here checks indices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::math {

// Memory on cache lines, so that no load of a register crosses one.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  explicit AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t n) { ::operator delete(p, n * sizeof(T), std::align_val_t{64}); }
  // Elements made without a value stay uninitialised: buffers that are written before they are read.
  template <class U>
  void construct(U* p) {
    ::new (static_cast<void*>(p)) U;
  }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
  bool operator==(const AlignedAllocator&) const { return true; }
};

// A vector whose memory starts on a cache line; resize() leaves new elements unset, assign() sets them.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

template <class T>
struct View {
  T* data = nullptr;  // (rows, columns)
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;

  T& operator()(std::size_t i, std::size_t j) const { return data[i * row_stride + j * column_stride]; }
  // REQUIRES: column_stride == 1. (columns)
  std::span<T> row(std::size_t i) const { return {data + i * row_stride, columns}; }
  View transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  // Rows [begin, begin + count).
  View middle_rows(std::size_t begin, std::size_t count) const {
    return {data + begin * row_stride, count, columns, row_stride, column_stride};
  }
  View left_columns(std::size_t count) const { return {data, rows, count, row_stride, column_stride}; }
  View middle_columns(std::size_t begin, std::size_t count) const {
    return {data + begin * column_stride, rows, count, row_stride, column_stride};
  }
  // A view to write to reads as well. NOLINTNEXTLINE(google-explicit-constructor)
  operator View<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, columns, row_stride, column_stride};
  }
};

using MatrixView = View<const float>;
using MutableMatrixView = View<float>;
using MatrixViewF64 = View<const double>;
using MutableMatrixViewF64 = View<double>;

// Owning, row after row without gaps, zero-filled.
template <class T>
class BasicMatrix {
 public:
  BasicMatrix() = default;
  BasicMatrix(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {
    values_.assign(rows * columns, T{0});
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T& operator()(std::size_t i, std::size_t j) { return values_[i * columns_ + j]; }
  const T& operator()(std::size_t i, std::size_t j) const { return values_[i * columns_ + j]; }
  std::span<T> row(std::size_t i) { return {values_.data() + i * columns_, columns_}; }
  std::span<const T> row(std::size_t i) const { return {values_.data() + i * columns_, columns_}; }
  View<T> view() { return {values_.data(), rows_, columns_, columns_, 1}; }
  View<const T> view() const { return {values_.data(), rows_, columns_, columns_, 1}; }

 private:
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  AlignedVector<T> values_;
};

using Matrix = BasicMatrix<float>;
using MatrixF64 = BasicMatrix<double>;

// x (rows, columns), row after row, as (columns, rows).
inline std::vector<float> transposed(std::span<const float> x, std::size_t rows, std::size_t columns) {
  std::vector<float> out(x.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) out[j * rows + i] = x[i * columns + j];
  }
  return out;
}

// Compressed sparse rows in somebody's memory: row i holds entries starts[i] .. starts[i + 1].
struct CsrView {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::span<const std::size_t> starts;       // (rows + 1)
  std::span<const std::uint32_t> column_of;  // (entries), each below `columns`
  std::span<const float> values;             // (entries)

  std::size_t entries() const { return values.size(); }
  std::size_t row_size(std::size_t i) const { return starts[i + 1] - starts[i]; }
  std::span<const std::uint32_t> row_columns(std::size_t i) const { return column_of.subspan(starts[i], row_size(i)); }
  std::span<const float> row_values(std::size_t i) const { return values.subspan(starts[i], row_size(i)); }
  // Rows [begin, begin + count), to be read row by row: their entries need not begin at 0.
  CsrView middle_rows(std::size_t begin, std::size_t count) const {
    return {count, columns, starts.subspan(begin, count + 1), column_of, values};
  }
  // Error{invalid_argument} unless the arrays fit together: starts ascending from 0, columns below `columns`.
  Status check() const;
};

// Owning compressed sparse rows.
struct CsrMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::size_t> starts{0};    // (rows + 1)
  std::vector<std::uint32_t> column_of;  // (entries)
  std::vector<float> values;             // (entries)

  CsrView view() const { return {rows, columns, starts, column_of, values}; }
  // Adds a row. REQUIRES: as many values as columns, columns below `columns`.
  void append_row(std::span<const std::uint32_t> row_columns, std::span<const float> row_values);
};

// The columns of a sparse matrix as rows; entries of a row ascend in the original row.
CsrMatrix transposed(const CsrView& matrix);

}  // namespace isogloss::math
