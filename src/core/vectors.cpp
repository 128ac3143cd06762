// SPDX-License-Identifier: Apache-2.0
#include "isogloss/vectors.hpp"

#include <array>
#include <utility>

#include "core/assert.hpp"

namespace isogloss {
namespace {

constexpr std::array<std::pair<DType, std::string_view>, 6> kDTypes{{{DType::f32, "f32"},
                                                                     {DType::f16, "f16"},
                                                                     {DType::bf16, "bf16"},
                                                                     {DType::i8, "i8"},
                                                                     {DType::u8, "u8"},
                                                                     {DType::bit, "bit"}}};

}  // namespace

std::string_view dtype_name(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)].second; }

Result<DType> parse_dtype(std::string_view name) {
  for (const auto& [dtype, known] : kDTypes) {
    if (known == name) return dtype;
  }
  return fail(Code::invalid_argument,
              "'" + std::string(name) + "' is not a number type; use one of f32, f16, bf16, i8, u8, bit.");
}

std::size_t dtype_row_bytes(DType dtype, std::size_t dim) {
  switch (dtype) {
    case DType::f32: return dim * 4;
    case DType::f16:
    case DType::bf16: return dim * 2;
    case DType::i8:
    case DType::u8: return dim;
    case DType::bit: return (dim + 7) / 8;
  }
  return 0;
}

std::string_view metric_name(Metric metric) {
  switch (metric) {
    case Metric::cosine: return "cosine";
    case Metric::dot: return "dot";
    case Metric::euclidean: return "euclidean";
  }
  return "";
}

Vectors Vectors::dense(std::size_t rows, std::size_t dim, DType dtype) {
  Vectors v;
  v.dim_ = dim;
  v.dtype_ = dtype;
  v.resize(rows);
  return v;
}

Vectors Vectors::sparse(std::size_t dim) {
  Vectors v;
  v.sparse_ = true;
  v.dim_ = dim;
  v.starts_.push_back(0);
  return v;
}

SparseRow Vectors::row_sparse(std::size_t row) const {
  IG_ASSERT(sparse_ && row < rows_);
  const std::size_t begin = starts_[row];
  const std::size_t size = starts_[row + 1] - begin;
  return {{columns_.data() + begin, size}, {values_.data() + begin, size}};
}

void Vectors::append_sparse(std::span<const std::uint32_t> columns, std::span<const float> values) {
  IG_ASSERT(sparse_ && columns.size() == values.size());
  columns_.insert(columns_.end(), columns.begin(), columns.end());
  values_.insert(values_.end(), values.begin(), values.end());
  starts_.push_back(columns_.size());
  ++rows_;
}

void Vectors::resize(std::size_t rows) {
  IG_ASSERT(!sparse_);
  rows_ = rows;
  bytes_.resize(rows * row_bytes());
}

}  // namespace isogloss
