// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/activations.hpp"

namespace isogloss::nn {

void Activations::reset(std::size_t row_count, std::size_t column_count) {
  const std::size_t wide = row_stride(column_count);
  // Columns behind the last stay zero as long as the shape does; another shape starts from zeros.
  if (wide != stride || column_count != columns) {
    f32.clear();
    bf16.clear();
    int8.clear();
  }
  rows = row_count;
  columns = column_count;
  stride = wide;
  has_f32 = has_bf16 = has_int8 = false;
}

float* Activations::need_f32() {
  if (f32.size() < rows * stride) f32.resize(rows * stride, 0.0F);
  has_f32 = true;
  return f32.data();
}

std::uint16_t* Activations::need_bf16() {
  if (bf16.size() < rows * stride) bf16.resize(rows * stride, std::uint16_t{0});
  has_bf16 = true;
  return bf16.data();
}

Rows rows_for(Compute compute, Activations& from, const EncoderKernels& kernels, const float* factors) {
  Rows rows;
  rows.stride = from.stride;
  rows.count = from.rows;
  const simd::Kernels& simd = simd::kernels();
  const std::size_t values = from.rows * from.stride;
  if (compute == Compute::bf16) {
    if (!from.has_bf16) simd.f32_to_bf16(from.f32.data(), from.need_bf16(), values);
    rows.bf16 = from.bf16.data();
    return rows;
  }
  if (!from.has_f32) simd.bf16_to_f32(from.bf16.data(), from.need_f32(), values);
  rows.f32 = from.f32.data();
  if (compute == Compute::f32) return rows;
  if (!from.has_int8) {
    from.int8.resize(values);
    from.scale.resize(from.rows);
    from.zero.resize(from.rows);
    kernels.quantize(from.f32.data(), from.stride, from.rows, from.columns, factors, from.int8.data(), from.stride,
                     from.scale.data(), from.zero.data());
    from.has_int8 = true;
  }
  rows.int8 = {from.int8.data(), from.stride, from.scale.data(), from.zero.data()};
  return rows;
}

}  // namespace isogloss::nn
