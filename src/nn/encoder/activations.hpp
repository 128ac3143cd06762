// SPDX-License-Identifier: Apache-2.0
// Rows between two layers, in the arithmetics that their readers take.
#pragma once

#include <cstddef>
#include <cstdint>

#include "math/matrix.hpp"
#include "nn/encoder/packed_linear.hpp"

namespace isogloss::nn {

// Activations in the arithmetics that were asked for, made from each other on demand.
struct Activations {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;
  bool has_f32 = false, has_bf16 = false, has_int8 = false;
  math::AlignedVector<float> f32;           // (rows, stride)
  math::AlignedVector<std::uint16_t> bf16;  // (rows, stride)
  math::AlignedVector<std::uint8_t> int8;   // (rows, stride)
  math::AlignedVector<float> scale;         // (rows)
  math::AlignedVector<std::int32_t> zero;   // (rows)

  // Empty rows of this shape, nothing valid yet. Columns behind the last are zero.
  void reset(std::size_t row_count, std::size_t column_count);
  float* need_f32();
  std::uint16_t* need_bf16();
};

// Rows of `from` for a layer of this arithmetic, made from what is there where they are not. In int8 their columns are
// taken times `factors` (columns; null = 1), those of the one layer that reads them.
Rows rows_for(Compute compute, Activations& from, const EncoderKernels& kernels, const float* factors = nullptr);

}  // namespace isogloss::nn
