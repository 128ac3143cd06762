// SPDX-License-Identifier: Apache-2.0
// The microkernel of matrix products: one tile of C from two packed panels.
//
// A step of depth loads kTileVecs registers of b and broadcasts kTileRows values of a: with 512 bits 12 x 2 = 24
// accumulators, 14 loads for 24 multiply-adds; with 256 bits 6 x 2 = 12 of 16 registers. GFLOP/s on one core of Zen 5
// at depth 384: 12 x 32 252, 6 x 64 249, 8 x 48 248; the narrow one also wastes the fewest columns at the right edge
// (100 columns become 128, with 48 they become 144).
#pragma once

#include "simd/vec_inl.hpp"

namespace isogloss::simd {
namespace {

constexpr std::size_t kTileRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 4;
constexpr std::size_t kTileVecs = 2;
constexpr std::size_t kTileColumns = kTileVecs * kLanes;

struct Tile {
  Vec sum[kTileRows][kTileVecs];
};

inline void clear(Tile& tile) {
  for (std::size_t r = 0; r < kTileRows; ++r) {
    for (std::size_t v = 0; v < kTileVecs; ++v) tile.sum[r][v] = zero();
  }
}

template <bool kAdd>
inline void finish(const Tile& tile, float* c, std::size_t c_stride) {
  for (std::size_t r = 0; r < kTileRows; ++r) {
    for (std::size_t v = 0; v < kTileVecs; ++v) {
      float* place = c + r * c_stride + v * kLanes;
      store(place, kAdd ? add(load(place), tile.sum[r][v]) : tile.sum[r][v]);
    }
  }
}

// Rows are reached from every third one, so that four pointers and one stride serve twelve rows.
template <bool kAdd>
void gemm_tile(const float* a, std::size_t a_row, std::size_t a_step, const float* b, std::size_t b_stride,
               std::size_t depth, float* c, std::size_t c_stride) {
  constexpr std::size_t kGroups = (kTileRows + 2) / 3;
  const float* group[kGroups];
  for (std::size_t g = 0; g < kGroups; ++g) group[g] = a + 3 * g * a_row;
  Tile tile;
  clear(tile);
  for (std::size_t k = 0; k < depth; ++k, b += b_stride) {
    Vec column[kTileVecs];
    for (std::size_t v = 0; v < kTileVecs; ++v) column[v] = load(b + v * kLanes);
    for (std::size_t r = 0; r < kTileRows; ++r) {
      const Vec value = set1(group[r / 3][r % 3 * a_row]);
      for (std::size_t v = 0; v < kTileVecs; ++v) tile.sum[r][v] = fma(value, column[v], tile.sum[r][v]);
    }
    for (std::size_t g = 0; g < kGroups; ++g) group[g] += a_step;
  }
  finish<kAdd>(tile, c, c_stride);
}

#if defined(__AVX512BF16__)

template <bool kAdd>
void gemm_tile_bf16(const std::uint16_t* a, const std::uint16_t* b, std::size_t depth, float* c, std::size_t c_stride) {
  Tile tile;
  clear(tile);
  for (std::size_t k = 0; k < depth; k += 2, a += 2 * kTileRows, b += 2 * kTileColumns) {
    __m512bh column[kTileVecs];
    for (std::size_t v = 0; v < kTileVecs; ++v) {
      column[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 2 * v * kLanes));
    }
    for (std::size_t r = 0; r < kTileRows; ++r) {
      std::int32_t pair;
      __builtin_memcpy(&pair, a + 2 * r, sizeof pair);
      const __m512bh value = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      for (std::size_t v = 0; v < kTileVecs; ++v) {
        tile.sum[r][v].v = _mm512_dpbf16_ps(tile.sum[r][v].v, value, column[v]);
      }
    }
  }
  finish<kAdd>(tile, c, c_stride);
}

#else

// Without the instruction: the pairs are taken apart into two f32 steps.
template <bool kAdd>
void gemm_tile_bf16(const std::uint16_t* a, const std::uint16_t* b, std::size_t depth, float* c, std::size_t c_stride) {
  Tile tile;
  clear(tile);
  for (std::size_t k = 0; k < depth; k += 2, a += 2 * kTileRows, b += 2 * kTileColumns) {
    for (std::size_t half = 0; half < 2; ++half) {
      float column[kTileColumns];
      for (std::size_t j = 0; j < kTileColumns; ++j) column[j] = scalar_from_bf16(b[2 * j + half]);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        const Vec value = set1(scalar_from_bf16(a[2 * r + half]));
        for (std::size_t v = 0; v < kTileVecs; ++v) {
          tile.sum[r][v] = fma(value, load(column + v * kLanes), tile.sum[r][v]);
        }
      }
    }
  }
  finish<kAdd>(tile, c, c_stride);
}

#endif

}  // namespace
}  // namespace isogloss::simd
