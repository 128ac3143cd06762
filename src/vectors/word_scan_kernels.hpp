// SPDX-License-Identifier: Apache-2.0
// The inner loop of word_scan.hpp: bounds of the cosines of many rows with a few queries, from bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernels.hpp"

namespace isogloss::vectors {

inline constexpr std::size_t kScanRows = 16;    // of a block: the int32 lanes of the widest register
inline constexpr std::size_t kScanQueries = 8;  // at once at most

// A query q of length 1 in bytes, q = scale * bytes + e, four to a word.
struct ScanQuery {
  const std::int32_t* words = nullptr;  // (steps)
  std::int32_t offset = 0;              // 128 times the sum of the bytes: codes of rows are moved by 128
  float scale = 0;
  float error = 0;  // |e|
};

struct ScanRows {
  const std::uint8_t* codes = nullptr;  // (blocks, steps, kScanRows, 4)
  const float* factors = nullptr;       // (blocks * kScanRows) of the unit row x = factor * (code - 128) + e
  const float* errors = nullptr;        // (blocks * kScanRows) |e|
  std::size_t blocks = 0;
  std::size_t steps = 0;  // of four dimensions
};

struct ScanKernels {
  // uppers (count, stride): what <x, q> is at most, its estimate from the bytes plus w = |e_x| + (1 + |e_x|) |e_q|; at
  // least it is uppers - 2 w. REQUIRES: count <= kScanQueries, stride >= blocks * kScanRows.
  void (*scan)(const ScanRows& rows, const ScanQuery* queries, std::size_t count, float* uppers, std::size_t stride);
};

const ScanKernels& scan_kernels();
// REQUIRES: level is among simd::available_levels().
const ScanKernels& scan_kernels(simd::Level level);

}  // namespace isogloss::vectors
