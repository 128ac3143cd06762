// SPDX-License-Identifier: Apache-2.0
// c = a b by panels that stay in the caches.
//
// Layout. The depth is cut into slices of kDepth. Of a slice, b is packed into panels of tile_columns columns, each
// (depth, tile_columns) without gaps: 384 x 32 floats = 48 KiB, read once per tile_rows rows. A
// task takes kBlockRows rows and kBlockColumns columns of c: it packs its rows of a into panels (depth, tile_rows) and
// runs one kernel call per tile. Tiles at the right and lower edge go through a small buffer. The slices of depth are
// added one after another by the same task order, so a value's sum has one order whatever the threads do.
//
// When a has few rows, packing b costs as much as the product: b is then read where it lies, if its rows are contiguous
// (8 x 7532 x 336: 0.4 ms instead of 1.3).
//
// GFLOP/s on one core of Zen 5 (the bare tile: 245): 2048 x 384 x 2048 215, 300 x 384 x 50,000 194. Slices of depth
// 256: 180 and 172 (c is written twice as often); 512: 208 and 192; 192 rows a task: 194 and 186.
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

// The same of a matrix whose columns are contiguous: read along them, eight steps of depth at a time, so that each line
// of the packed panel is written while it is in the first cache.
void pack_long_columns(MatrixView b, std::size_t width, float* out) {
  constexpr std::size_t kSteps = 16;
  for (std::size_t first = 0; first < b.columns; first += width, out += b.rows * width) {
    const std::size_t count = std::min(width, b.columns - first);
    if (count < width) std::fill(out, out + b.rows * width, 0.0F);
    for (std::size_t k = 0; k < b.rows; k += kSteps) {
      const std::size_t steps = std::min(kSteps, b.rows - k);
      for (std::size_t j = 0; j < count; ++j) {
        const float* source = &b(k, first + j);
        for (std::size_t s = 0; s < steps; ++s) out[(k + s) * width + j] = source[s];
      }
    }
  }
}

void pack(MatrixView b, std::size_t width, float* out) {
  if (b.row_stride == 1 && b.column_stride != 1) {
    pack_long_columns(b, width, out);
  } else {
    pack_columns(b, width, out);
  }
}

// One tile at the edge, or any tile: computed whole, then the part inside c is taken.
void edge_tile(const simd::Kernels& k, const float* a, const float* b, std::size_t b_stride, std::size_t depth,
               MutableMatrixView c, Write write) {
  alignas(64) float tile[12 * 32];
  IG_ASSERT(k.tile_rows * k.tile_columns <= std::size(tile));
  k.gemm_set(a, b, b_stride, depth, tile, k.tile_columns);
  for (std::size_t i = 0; i < c.rows; ++i) {
    float* row = &c(i, 0);
    const float* from = tile + i * k.tile_columns;
    for (std::size_t j = 0; j < c.columns; ++j) row[j] = write == Write::add ? row[j] + from[j] : from[j];
  }
}

// c of one task from the packed rows of a and packed columns of b.
void multiply_block(const simd::Kernels& k, const float* a, const float* b, std::size_t depth, MutableMatrixView c,
                    Write write) {
  for (std::size_t j = 0; j < c.columns; j += k.tile_columns, b += depth * k.tile_columns) {
    const std::size_t columns = std::min(k.tile_columns, c.columns - j);
    const float* panel = a;
    for (std::size_t i = 0; i < c.rows; i += k.tile_rows, panel += depth * k.tile_rows) {
      const std::size_t rows = std::min(k.tile_rows, c.rows - i);
      if (rows == k.tile_rows && columns == k.tile_columns) {
        (write == Write::add ? k.gemm_add : k.gemm_set)(panel, b, k.tile_columns, depth, &c(i, j), c.row_stride);
      } else {
        edge_tile(k, panel, b, k.tile_columns, depth, c.middle_rows(i, rows).middle_columns(j, columns), write);
      }
    }
  }
}

// One slice of depth, at most kColumnsAtOnce columns. b_packed holds round_up(columns, tile_columns) x depth.
void multiply_slice(const simd::Kernels& k, MatrixView a, MatrixView b, MutableMatrixView c, Write write,
                    AlignedVector<float>& b_packed, const Context& context) {
  const std::size_t depth = a.columns;
  const std::size_t width = k.tile_columns;
  const std::size_t panels = round_up(b.columns, width) / width;
  parallel_for(context, panels, 8, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * width;
    pack(b.middle_columns(first, std::min(b.columns, end * width) - first), width, b_packed.data() + first * depth);
  });
  const std::size_t row_blocks = round_up(c.rows, kBlockRows) / kBlockRows;
  const std::size_t column_blocks = round_up(c.columns, kBlockColumns) / kBlockColumns;
  parallel_for(context, row_blocks * column_blocks, 1, [&](std::size_t task, std::size_t) {
    const std::size_t row = task / column_blocks * kBlockRows;
    const std::size_t column = task % column_blocks * kBlockColumns;
    const std::size_t rows = std::min(kBlockRows, c.rows - row);
    AlignedVector<float> a_packed(round_up(rows, k.tile_rows) * depth);
    pack(a.middle_rows(row, rows).transposed(), k.tile_rows, a_packed.data());
    const std::size_t columns = std::min(kBlockColumns, c.columns - column);
    multiply_block(k, a_packed.data(), b_packed.data() + column * depth, depth,
                   c.middle_rows(row, rows).middle_columns(column, columns), write);
  });
}

// A slice with few rows of a and contiguous rows of b: whole tiles read b in place, the last columns are packed.
void multiply_few_rows(const simd::Kernels& k, MatrixView a, MatrixView b, MutableMatrixView c, Write write,
                       const Context& context) {
  const std::size_t depth = a.columns;
  const std::size_t width = k.tile_columns;
  AlignedVector<float> a_packed(round_up(a.rows, k.tile_rows) * depth);
  pack(a.transposed(), k.tile_rows, a_packed.data());
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
      for (std::size_t i = 0; i < c.rows; i += k.tile_rows) {
        const std::size_t rows = std::min(k.tile_rows, c.rows - i);
        edge_tile(k, a_packed.data() + i * depth, source, stride, depth,
                  c.middle_rows(i, rows).middle_columns(j, columns), write);
      }
    }
  });
}

}  // namespace

void gemm(MatrixView a, MatrixView b, MutableMatrixView c, Write write, const Context& context) {
  IG_ASSERT(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns && c.column_stride == 1);
  if (c.rows == 0 || c.columns == 0) return;
  const simd::Kernels& k = simd::kernels();
  if (a.columns == 0 && write == Write::set) {
    for (std::size_t i = 0; i < c.rows; ++i) std::fill_n(&c(i, 0), c.columns, 0.0F);
  }
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
        multiply_slice(k, left, right, part, how, b_packed, context);
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
