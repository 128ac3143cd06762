// SPDX-License-Identifier: Apache-2.0
// Vectors: the one container of embeddings, dense or sparse, with what is needed to know which may be compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

enum class DType : std::uint8_t { f32, f16, bf16, i8, u8, bit };

std::string_view dtype_name(DType dtype);  // "f32"
Result<DType> parse_dtype(std::string_view name);
// Bytes of one row of `dim` elements; bit rows are padded to whole bytes.
std::size_t dtype_row_bytes(DType dtype, std::size_t dim);

enum class Metric : std::uint8_t { cosine, dot, euclidean };
std::string_view metric_name(Metric metric);

// One sparse row: columns ascending, no column twice.
struct SparseRow {
  std::span<const std::uint32_t> columns;  // (nnz)
  std::span<const float> values;           // (nnz)
};

// Read-only rows of somebody else's memory; valid as long as that memory is. Dense only.
struct VectorsView {
  const std::byte* data = nullptr;  // (rows, stride bytes)
  std::size_t rows = 0;
  std::size_t dim = 0;
  std::size_t stride = 0;  // bytes from one row to the next
  DType dtype = DType::f32;

  const std::byte* row_bytes(std::size_t row) const { return data + row * stride; }
  // REQUIRES: dtype == f32. (dim)
  std::span<const float> row_f32(std::size_t row) const {
    return {static_cast<const float*>(static_cast<const void*>(row_bytes(row))), dim};
  }
};

// Owning rows. Either dense (`rows` x `dim` of one dtype, contiguous) or sparse (compressed rows). A per-token output
// holds the tokens of all inputs one after another, and `row_offsets[i] .. row_offsets[i+1]` are those of input i.
// Not thread-safe for writing; several threads may read.
class Vectors {
 public:
  Vectors() = default;
  // Dense, zero-filled.
  static Vectors dense(std::size_t rows, std::size_t dim, DType dtype = DType::f32);
  // Sparse with no row yet; append_sparse adds them.
  static Vectors sparse(std::size_t dim);

  bool is_sparse() const { return sparse_; }
  std::size_t rows() const { return rows_; }
  std::size_t dim() const { return dim_; }
  DType dtype() const { return dtype_; }
  std::size_t row_bytes() const { return dtype_row_bytes(dtype_, dim_); }

  VectorsView view() const { return {bytes_.data(), rows_, dim_, row_bytes(), dtype_}; }
  std::byte* data() { return bytes_.data(); }
  const std::byte* data() const { return bytes_.data(); }

  // REQUIRES: dense f32. (dim)
  std::span<float> row_f32(std::size_t row) {
    return {static_cast<float*>(static_cast<void*>(bytes_.data())) + row * dim_, dim_};
  }
  std::span<const float> row_f32(std::size_t row) const { return view().row_f32(row); }

  // REQUIRES: sparse.
  SparseRow row_sparse(std::size_t row) const;
  std::size_t nonzeros() const { return columns_.size(); }
  // Adds a row. REQUIRES: sparse; columns ascending and below dim(); as many values as columns.
  void append_sparse(std::span<const std::uint32_t> columns, std::span<const float> values);

  // Changes the number of dense rows; new rows are zero.
  void resize(std::size_t rows);

  std::string space_id;                    // which vectors may be compared; empty = unknown
  std::vector<std::size_t> row_offsets;    // per-token output: (inputs + 1); else empty
  // i8 and u8: value = scale * element + offset. Size 1 (whole set), rows (per row) or dim (per column); else empty.
  std::vector<float> scale;
  std::vector<float> offset;

 private:
  bool sparse_ = false;
  DType dtype_ = DType::f32;
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<std::size_t> starts_;  // sparse: (rows + 1)
  std::vector<std::uint32_t> columns_;
  std::vector<float> values_;
};

// How numbers become i8 and u8. One step for all rows and columns, so that cosines, products and distances of rows keep
// their order:
//
//   step = range / 127    i8 = round(x / step), cut to -127 .. 127    u8 = i8 + 128
//
// -128 and 0 are never a number of a row: embed() gives them to rows that failed.
struct QuantizeOptions {
  // Size of the largest number that is kept as it is. 0 = that of rows of length 1, whose numbers are about 1 / sqrt(dim):
  // eight times that, at most 1.
  float range = 0;
  // Instead: the least and the largest number of every column, (dim) each, as quantize_embeddings of sentence-transformers
  // takes them: step = (high - low) / 255, u8 = floor((x - low) / step), cut to 0 .. 255, i8 = u8 - 128.
  std::span<const float> low, high;
};

// Rows as another type. f32 to bf16: rounded to the nearest, ties to even. To bit: 1 where a number is above 0; the first
// column is the highest bit of the first byte ("ubinary" of sentence-transformers, Cohere, Voyage and Jina). i8 and u8: as
// above, and scale and offset say what the numbers were. Error{invalid_argument}: rows that are not f32, a type that is not
// made (f16), a range below 0 or not finite, lists of another length. Thread-safe.
Result<Vectors> quantize(const VectorsView& rows, DType to, const QuantizeOptions& options = {});
// Rows as f32; bits become 1 and -1. REQUIRES: dense rows, not of f16.
Vectors to_f32(const Vectors& rows);

}  // namespace isogloss
