// SPDX-License-Identifier: Apache-2.0
// The inner loops that two or more folders share, behind one table of function pointers per instruction set.
//
// The table is chosen once, at the first call of kernels(), by the feature bits of the CPU and the registers the
// operating system saves. ISOGLOSS_SIMD=scalar|avx2|avx512|avx512_bf16 asks for a level; a level that the machine lacks
// gives the best one it has, and active_level() tells which.
//
// Contract of every kernel: any length, zero included; no alignment needed; nothing outside the arrays is read or
// written; a result depends on the values of its own row alone, never on how many rows stand beside it. Sums are taken
// in a fixed order. dot, squared_distance, sum, sum_of_squares and the kernels of many f32 or bf16 rows have the same
// bits at every level, as have integer kernels and conversions; the order of the others differs between levels (within
// 2 n eps sum|a_i b_i|). bf16 and f16 are stored as std::uint16_t.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace isogloss::simd {

enum class Level : std::uint8_t {
  scalar,       // what every x86-64 has
  avx2,         // + FMA, F16C, BMI2
  avx512,       // F, BW, DQ, VL, CD
  avx512_bf16,  // + BF16, VNNI, VBMI
};

struct CosineParts {
  float dot;     // sum a_i b_i
  float norm_a;  // sum a_i^2
  float norm_b;  // sum b_i^2
};

// Rows of a block: row i starts at element `stride * picks[i]` of `rows`, or `stride * i` when picks is null.
struct Kernels {
  // Reductions over vectors. (n)
  float (*dot)(const float* a, const float* b, std::size_t n);
  float (*squared_distance)(const float* a, const float* b, std::size_t n);
  CosineParts (*cosine_parts)(const float* a, const float* b, std::size_t n);
  float (*sum)(const float* x, std::size_t n);
  float (*sum_of_squares)(const float* x, std::size_t n);
  float (*max)(const float* x, std::size_t n);      // -infinity when n = 0
  float (*max_abs)(const float* x, std::size_t n);  // 0 when n = 0

  // Elementwise. (n)
  void (*axpy)(float alpha, const float* x, float* y, std::size_t n);  // y += alpha x
  void (*scale)(float alpha, float* x, std::size_t n);                 // x *= alpha
  float (*exp_sum)(float shift, float* x, std::size_t n);              // x = exp(x - shift); returns the sum

  // Conversions. (n) Round to nearest, ties to even; NaN stays NaN.
  void (*f32_to_bf16)(const float* x, std::uint16_t* out, std::size_t n);
  void (*bf16_to_f32)(const std::uint16_t* x, float* out, std::size_t n);
  void (*f32_to_f16)(const float* x, std::uint16_t* out, std::size_t n);
  void (*f16_to_f32)(const std::uint16_t* x, float* out, std::size_t n);
  // out = clamp(round(x * inverse_scale), -127, 127); NaN gives -127.
  void (*f32_to_i8)(const float* x, float inverse_scale, std::int8_t* out, std::size_t n);

  // Products of narrow types, accumulated in f32 (bf16, f16) or exactly (int8; n <= 131,072). (n)
  float (*dot_bf16)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  float (*dot_f16)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  std::int32_t (*dot_i8)(const std::int8_t* a, const std::int8_t* b, std::size_t n);

  // Which codes of 256 bits differ from `code` in at most `most` bits: their numbers, ascending, to out (count); returns
  // how many. code (4), codes (count, 4)
  std::size_t (*near_codes)(const std::uint64_t* code, const std::uint64_t* codes, std::size_t count, unsigned most,
                            std::uint32_t* out);

  // Bits set in words (n).
  std::size_t (*count_bits)(const std::uint64_t* words, std::size_t n);

  // One query against `count` rows. query (n), rows (*, stride), picks (count) or null, out (count). out[i] has the
  // bits that the same call with that row alone gives; for f32 those of dot and squared_distance.
  void (*dot_rows_f32)(const float* query, const float* rows, std::size_t stride, const std::uint32_t* picks,
                       std::size_t count, std::size_t n, float* out);
  void (*dot_rows_bf16)(const float* query, const std::uint16_t* rows, std::size_t stride, const std::uint32_t* picks,
                        std::size_t count, std::size_t n, float* out);
  void (*dot_rows_i8)(const std::int8_t* query, const std::int8_t* rows, std::size_t stride, const std::uint32_t* picks,
                      std::size_t count, std::size_t n, std::int32_t* out);
  void (*distance_rows_f32)(const float* query, const float* rows, std::size_t stride, const std::uint32_t* picks,
                            std::size_t count, std::size_t n, float* out);
  void (*distance_rows_bf16)(const float* query, const std::uint16_t* rows, std::size_t stride,
                             const std::uint32_t* picks, std::size_t count, std::size_t n, float* out);

  // out = sum over i of values[i] * x[columns[i]], a row of a sparse matrix times a dense one. values, columns (count),
  // x (*, stride), out (width).
  void (*gather_sum)(const float* values, const std::uint32_t* columns, std::size_t count, const float* x,
                     std::size_t stride, std::size_t width, float* out);
  void (*gather_sum_i8)(const float* values, const std::uint32_t* columns, std::size_t count, const std::int8_t* x,
                        std::size_t stride, std::size_t width, float* out);
  // The first i with x[i] >= limit, n when there is none. (n)
  std::size_t (*find_at_least)(const float* x, std::size_t n, float limit);
  // The first i >= begin with x[i] >= limits[i], n when there is none. (n)
  std::size_t (*find_reaching)(const float* x, const float* limits, std::size_t begin, std::size_t n);

  // A tile of a matrix product: c = a b (gemm_set) or c += a b (gemm_add), c (tile_rows, c_stride), depth steps.
  // a(i, k) = a[i * a_row + k * a_step]: a packed panel has a_row = 1 and a_step = tile_rows, plain rows have a_step
  // = 1. b(k, j) = b[k * b_stride + j], tile_columns of a row are read. bf16 holds pairs: a (depth / 2, tile_rows, 2),
  // b (depth / 2, tile_columns, 2), both packed, depth even.
  std::size_t tile_rows;
  std::size_t tile_columns;
  void (*gemm_set)(const float* a, std::size_t a_row, std::size_t a_step, const float* b, std::size_t b_stride,
                   std::size_t depth, float* c, std::size_t c_stride);
  void (*gemm_add)(const float* a, std::size_t a_row, std::size_t a_step, const float* b, std::size_t b_stride,
                   std::size_t depth, float* c, std::size_t c_stride);
  void (*gemm_set_bf16)(const std::uint16_t* a, const std::uint16_t* b, std::size_t depth, float* c,
                        std::size_t c_stride);
  void (*gemm_add_bf16)(const std::uint16_t* a, const std::uint16_t* b, std::size_t depth, float* c,
                        std::size_t c_stride);
};

std::string_view level_name(Level level);  // "avx512_bf16"

// That of four tables, one for each level, which belongs to `level`.
template <class Table>
const Table& table_of(Level level, const Table& scalar, const Table& avx2, const Table& avx512,
                      const Table& avx512_bf16) {
  const Table* const tables[] = {&scalar, &avx2, &avx512, &avx512_bf16};
  return *tables[static_cast<std::size_t>(level)];
}

// What was asked for and what came of it, for `isogloss doctor`.
struct Choice {
  Level active;                // the level of kernels()
  std::string_view requested;  // value of ISOGLOSS_SIMD, empty = not set
  bool honoured;               // false: `requested` is unknown or beyond this machine
};
const Choice& choice();

Level active_level();
// The levels this machine can run, lowest first; scalar is always there. (1..4)
std::span<const Level> available_levels();
// The table of active_level().
const Kernels& kernels();
// REQUIRES: level is among available_levels().
const Kernels& kernels(Level level);

}  // namespace isogloss::simd
