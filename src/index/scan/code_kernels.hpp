// SPDX-License-Identifier: Apache-2.0
// The inner loops of the quantised scan. A row is one sign bit a dimension, and the kernels sum, for every row, the
// whole numbers of a query at the set bits.
//
// Layout. 64 rows are a block; 24 dimensions are a step of 3 x 64 bytes. Byte lane 2 j of each column of bytes belongs
// to row j of the block and lane 2 j + 1 to row 32 + j, so that sums of even and odd lanes come out in the order of the
// rows. Bit t of byte b of a step is dimension
//   6 b + t               for t < 6        (three groups of six)
//   18 + 2 b + (t - 6)    for t = 6, 7     (the fourth group, two bits from each byte)
// With VBMI six bits are looked up at once (a table of 64 bytes is one register, and the index needs no mask), else
// four bits. All sums are whole numbers and the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernels.hpp"

namespace isogloss::index {

inline constexpr std::size_t kBlockRows = 64;
inline constexpr std::size_t kStepDims = 24;
inline constexpr std::size_t kGroupDims = 6;
inline constexpr int kMostInGroup = 63;  // sum of |q| over a group of six: four groups fit a byte

inline std::size_t lane_of(std::size_t row) { return row < 32 ? 2 * row : 2 * (row - 32) + 1; }
inline std::size_t byte_of(std::size_t in_step) { return in_step < 18 ? in_step / 6 : (in_step - 18) / 2; }
inline std::size_t bit_of(std::size_t in_step) { return in_step < 18 ? in_step % 6 : 6 + (in_step - 18) % 2; }
// Where the bit of a row and dimension stands in its block.
inline std::size_t code_byte(std::size_t row, std::size_t dim) {
  return (dim / kStepDims * 3 + byte_of(dim % kStepDims)) * kBlockRows + lane_of(row);
}
inline std::size_t block_bytes(std::size_t width) { return width / 8 * kBlockRows; }

struct CodeBlocks {
  const std::uint8_t* codes = nullptr;  // (blocks, width / 8, kBlockRows)
  const float* factors = nullptr;       // (blocks, kBlockRows)
  const float* adds = nullptr;          // (blocks, kBlockRows)
  const std::uint64_t* live = nullptr;  // (blocks) bit r: row r of the block may be found
  std::size_t blocks = 0;
  std::size_t steps = 0;  // width / kStepDims
};

// key = (factor * (scale * sum + offset) + add) + shift, sum = sum of (q - least) over the set bits, where `least`
// makes every group's smallest sum 0.
struct CodeQuery {
  const void* tables = nullptr;  // made by make_tables
  float scale = 0;
  float offset = 0;
  float shift = 0;
};

struct CodeKernels {
  // In place: Hadamard transform of n = 64 or 128 values, times scale. (n)
  void (*hadamard)(float* x, std::size_t n, float scale);
  // Bytes that make_tables writes for so many steps; the memory must be aligned to 64.
  std::size_t (*table_bytes)(std::size_t steps);
  // q (steps * kStepDims), |q| summing to at most kMostInGroup over every group of six.
  void (*make_tables)(const std::int8_t* q, std::size_t steps, void* tables);
  // Keys and rows (block * kBlockRows + row) of the live rows whose key is at least `limit`, by rows; returns how many.
  // keys, rows: room for (blocks * kBlockRows + 16).
  std::size_t (*scan)(const CodeBlocks& blocks, const CodeQuery& query, float limit, float* keys, std::uint32_t* rows);
  // Bit i % 64 of out[i / 64] = rows[i] is below `bound` and its bit is set in `mask`; bits beyond `count` are 0. mask
  // (bound bits, in whole words), rows (count), out (count / 64, rounded up).
  void (*bits_of_rows)(const std::uint64_t* mask, std::uint32_t bound, const std::uint32_t* rows, std::size_t count,
                       std::uint64_t* out);
};

const CodeKernels& code_kernels();
// REQUIRES: level is among simd::available_levels().
const CodeKernels& code_kernels(simd::Level level);

}  // namespace isogloss::index
