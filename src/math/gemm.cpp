// SPDX-License-Identifier: Apache-2.0
// c = a b by panels that stay in the caches.
//
// Layout. The depth is cut into slices of kDepth. Of a slice, b is packed into panels of tile_columns columns, each
// (depth, tile_columns) without gaps: 384 x 32 floats = 48 KiB, read once per tile_rows rows. A
// task takes kBlockRows rows and kBlockColumns columns of c and runs one kernel call per tile; rows of a
// are read where they lie, or packed as (depth, tile_rows) when they are not contiguous (always packing them took a
// fifth of k-means' time). Tiles at the right and lower edge go through a small buffer. The slices of depth are
// added one after another by the same task order, so a value's sum has one order whatever the threads do.
//
// When a has few rows, packing b costs as much as the product: b is then read where it lies, if its rows are contiguous
// (8 x 7532 x 336: 0.4 ms instead of 1.3).
//
// GFLOP/s on one core of Zen 5 (the bare tile: 250): 2048 x 384 x 2048 222, 300 x 384 x 50,000 193. Measured when the
// left rows were still packed (215 and 194): slices of depth 256 180 and 172 (c is written twice as often), of 512 208
// and 192; 192 rows a task 194 and 186.
#include "math/gemm.hpp"

#include <cstring>

#include "core/assert.hpp"
#include "core/parallel.hpp"
#include "simd/kernels.hpp"

namespace isogloss::math {
namespace {

constexpr std::size_t kDepth = 384;
constexpr std::size_t kBlockRows = 96;
constexpr std::size_t kBlockColumns = 1024;
constexpr std::size_t kColumnsAtOnce = 4096;  // of packed b: 384 x 4096 floats = 6 MiB
constexpr std::size_t kFewRows = 24;

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

// Panels of `width` columns: panel p holds columns [p * width, ...), (depth, width), padded with zeros.
void pack_columns(MatrixView b, std::size_t width, float* out) {
  for (std::size_t first = 0; first < b.columns; first += width, out += b.rows * width) {
    const std::size_t count = std::min(width, b.columns - first);
    for (std::size_t k = 0; k < b.rows; ++k) {
      float* row = out + k * width;
      if (b.column_stride == 1) {
        std::memcpy(row, &b(k, first), count * sizeof(float));
      } else {
        for (std::size_t j = 0; j < count; ++j) row[j] = b(k, first + j);
      }
      std::fill(row + count, row + width, 0.0F);
    }
  }
}

// The same of a matrix whose columns are contiguous: `width` streams are read side by side, one line of the panel is
// written at a time. kWidth = `width` where it is known, so that the inner loop unrolls.
template <std::size_t kWidth>
void pack_long_columns(MatrixView b, std::size_t width, float* out) {
  const std::size_t step = kWidth != 0 ? kWidth : width;
  for (std::size_t first = 0; first < b.columns; first += step, out += b.rows * step) {
    const std::size_t count = std::min(step, b.columns - first);
    const float* source = &b(0, first);
    if (kWidth != 0 && count == kWidth) {
      for (std::size_t k = 0; k < b.rows; ++k) {
        for (std::size_t j = 0; j < kWidth; ++j) out[k * kWidth + j] = source[j * b.column_stride + k];
      }
      continue;
    }
    for (std::size_t k = 0; k < b.rows; ++k) {
      for (std::size_t j = 0; j < count; ++j) out[k * step + j] = source[j * b.column_stride + k];
      std::fill(out + k * step + count, out + (k + 1) * step, 0.0F);
    }
  }
}

void pack(MatrixView b, std::size_t width, float* out) {
  if (b.row_stride == 1 && b.column_stride != 1) {
    (width == 12 ? pack_long_columns<12> : width == 32 ? pack_long_columns<32> : pack_long_columns<0>)(b, width, out);
  } else {
    pack_columns(b, width, out);
  }
}

// Rows of a for the kernel: where they lie when they are contiguous, else packed into panels of tile_rows. Of rows that
// do not fill a panel the last panel is packed in either case.
class LeftRows {
 public:
  LeftRows(const simd::Kernels& k, MatrixView a) : k_(k), a_(a) {
    // Rows a multiple of 4 KiB apart would share the sets of the first cache.
    in_place_ = a.column_stride == 1 && a.row_stride % 1024 != 0;
    const std::size_t whole = a.rows / k.tile_rows * k.tile_rows;
    first_packed_ = in_place_ ? whole : 0;
    packed_.resize(round_up(a.rows - first_packed_, k.tile_rows) * a.columns);
    pack(a.middle_rows(first_packed_, a.rows - first_packed_).transposed(), k.tile_rows, packed_.data());
  }

  // The tile of rows i .. i + tile_rows times `depth` rows of b into c.
  void tile(std::size_t i, const float* b, std::size_t b_stride, float* c, std::size_t c_stride, Write write) const {
    const auto kernel = write == Write::add ? k_.gemm_add : k_.gemm_set;
    if (i < first_packed_) {
      kernel(&a_(i, 0), a_.row_stride, 1, b, b_stride, a_.columns, c, c_stride);
    } else {
      kernel(packed_.data() + (i - first_packed_) * a_.columns, 1, k_.tile_rows, b, b_stride, a_.columns, c, c_stride);
    }
  }

 private:
  const simd::Kernels& k_;
  MatrixView a_;
  bool in_place_;
  std::size_t first_packed_;
  AlignedVector<float> packed_;
};

// The tile of row i at the right or lower edge of c: computed whole, then the part inside c (c.rows, c.columns) is
// taken.
void edge_tile(const simd::Kernels& k, const LeftRows& a, std::size_t i, const float* b, std::size_t b_stride,
               MutableMatrixView c, Write write) {
  alignas(64) float tile[12 * 32];
  IG_ASSERT(k.tile_rows * k.tile_columns <= std::size(tile));
  a.tile(i, b, b_stride, tile, k.tile_columns, Write::set);
  for (std::size_t p = 0; p < c.rows; ++p) {
    float* row = &c(p, 0);
    const float* from = tile + p * k.tile_columns;
    for (std::size_t j = 0; j < c.columns; ++j) row[j] = write == Write::add ? row[j] + from[j] : from[j];
  }
}

// All rows of a times one panel of b; c (rows, at most tile_columns).
void multiply_panel(const simd::Kernels& k, const LeftRows& a, const float* b, std::size_t b_stride,
                    MutableMatrixView c, Write write) {
  for (std::size_t i = 0; i < c.rows; i += k.tile_rows) {
    const std::size_t rows = std::min(k.tile_rows, c.rows - i);
    if (rows == k.tile_rows && c.columns == k.tile_columns) {
      a.tile(i, b, b_stride, &c(i, 0), c.row_stride, write);
    } else {
      edge_tile(k, a, i, b, b_stride, c.middle_rows(i, rows), write);
    }
  }
}

// One slice of depth: c (m, n) from a (m, depth) and packed panels of b, (n / tile_columns, depth, tile_columns).
void multiply_slice(const simd::Kernels& k, MatrixView a, const float* b_packed, MutableMatrixView c, Write write,
                    const Context& context) {
  const std::size_t depth = a.columns;
  const std::size_t width = k.tile_columns;
  const std::size_t row_blocks = round_up(c.rows, kBlockRows) / kBlockRows;
  const std::size_t column_blocks = round_up(c.columns, kBlockColumns) / kBlockColumns;
  parallel_for(context, row_blocks * column_blocks, 1, [&](std::size_t task, std::size_t) {
    const std::size_t row = task / column_blocks * kBlockRows;
    const std::size_t column = task % column_blocks * kBlockColumns;
    const std::size_t rows = std::min(kBlockRows, c.rows - row);
    const LeftRows left(k, a.middle_rows(row, rows));
    for (std::size_t j = column; j < std::min(column + kBlockColumns, c.columns); j += width) {
      const MutableMatrixView part = c.middle_rows(row, rows).middle_columns(j, std::min(width, c.columns - j));
      multiply_panel(k, left, b_packed + j * depth, width, part, write);
    }
  });
}

void pack_slice(const simd::Kernels& k, MatrixView b, float* out, const Context& context) {
  const std::size_t width = k.tile_columns;
  parallel_for(context, round_up(b.columns, width) / width, 8, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * width;
    pack(b.middle_columns(first, std::min(b.columns, end * width) - first), width, out + first * b.rows);
  });
}

// A slice with few rows of a and contiguous rows of b: whole tiles read b in place, the last columns are packed.
void multiply_few_rows(const simd::Kernels& k, MatrixView a, MatrixView b, MutableMatrixView c, Write write,
                       const Context& context) {
  const std::size_t depth = a.columns;
  const std::size_t width = k.tile_columns;
  const LeftRows left(k, a);
  parallel_for(context, round_up(c.columns, width) / width, 4, [&](std::size_t begin, std::size_t end) {
    AlignedVector<float> last;
    for (std::size_t j = begin * width; j < std::min(end * width, c.columns); j += width) {
      const std::size_t columns = std::min(width, c.columns - j);
      const float* source = &b(0, j);
      std::size_t stride = b.row_stride;
      if (columns < width) {
        last.resize(depth * width);
        pack(b.middle_columns(j, columns), width, last.data());
        source = last.data();
        stride = width;
      }
      multiply_panel(k, left, source, stride, c.middle_columns(j, columns), write);
    }
  });
}

// The product with no depth.
void clear(MutableMatrixView c, Write write) {
  for (std::size_t i = 0; write == Write::set && i < c.rows; ++i) std::fill_n(&c(i, 0), c.columns, 0.0F);
}

}  // namespace

PackedRight::PackedRight(MatrixView b) : rows_(b.rows), columns_(b.columns) {
  const simd::Kernels& k = simd::kernels();
  const std::size_t width = round_up(b.columns, k.tile_columns);
  panels_.resize(width * b.rows);
  for (std::size_t depth = 0; depth < b.rows; depth += kDepth) {
    const std::size_t slice = std::min(kDepth, b.rows - depth);
    pack(b.middle_rows(depth, slice), k.tile_columns, panels_.data() + depth * width);
  }
}

void gemm(MatrixView a, const PackedRight& b, MutableMatrixView c, Write write, const Context& context) {
  IG_ASSERT(a.columns == b.rows() && c.rows == a.rows && c.columns == b.columns() && c.column_stride == 1);
  if (c.rows == 0 || c.columns == 0) return;
  if (a.columns == 0) return clear(c, write);
  const simd::Kernels& k = simd::kernels();
  const std::size_t width = round_up(c.columns, k.tile_columns);
  for (std::size_t depth = 0; depth < a.columns; depth += kDepth) {
    const std::size_t slice = std::min(kDepth, a.columns - depth);
    multiply_slice(k, a.middle_columns(depth, slice), b.panels_.data() + depth * width, c,
                   depth == 0 ? write : Write::add, context);
  }
}

void gemm(MatrixView a, MatrixView b, MutableMatrixView c, Write write, const Context& context) {
  IG_ASSERT(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && c.column_stride == 1);
  if (c.rows == 0 || c.columns == 0) return;
  const simd::Kernels& k = simd::kernels();
  if (a.columns == 0) return clear(c, write);
  const bool in_place = c.rows <= kFewRows && b.column_stride == 1;
  AlignedVector<float> b_packed;
  for (std::size_t column = 0; column < c.columns; column += kColumnsAtOnce) {
    const std::size_t columns = std::min(kColumnsAtOnce, c.columns - column);
    const MutableMatrixView part = c.middle_columns(column, columns);
    if (!in_place) b_packed.resize(round_up(columns, k.tile_columns) * std::min(kDepth, a.columns));
    for (std::size_t depth = 0; depth < a.columns; depth += kDepth) {
      const std::size_t slice = std::min(kDepth, a.columns - depth);
      const MatrixView left = a.middle_columns(depth, slice);
      const MatrixView right = b.middle_rows(depth, slice).middle_columns(column, columns);
      const Write how = depth == 0 ? write : Write::add;
      if (in_place) {
        multiply_few_rows(k, left, right, part, how, context);
      } else {
        pack_slice(k, right, b_packed.data(), context);
        multiply_slice(k, left, b_packed.data(), part, how, context);
      }
    }
  }
}

void sparse_gemm(const CsrView& s, MatrixView d, MutableMatrixView c, const Context& context) {
  IG_ASSERT(s.columns == d.rows && c.rows == s.rows && c.columns == d.columns);
  const simd::Kernels& k = simd::kernels();
  parallel_for(context, s.rows, 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t first = s.starts[i];
      k.gather_sum(s.values.data() + first, s.column_of.data() + first, s.row_size(i), d.data, d.row_stride, d.columns,
                   &c(i, 0));
    }
  });
}

}  // namespace isogloss::math
