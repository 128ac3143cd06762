// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
#include "nn/encoder/kernels.hpp"

#include "nn/encoder/activation_inl.hpp"
#include "nn/encoder/attention_inl.hpp"
#include "nn/encoder/multiply_inl.hpp"
#include "nn/encoder/rows_inl.hpp"

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(encoder_kernels_, variant)

namespace isogloss::nn {

extern const EncoderKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

const EncoderKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {
    .panel_columns = kPanelColumns,
#if defined(__AVX512BF16__)
    .has_bf16 = true,
#else
    .has_bf16 = false,
#endif
    .multiply_f32 = multiply_f32,
    .multiply_bf16 = multiply_bf16,
    .multiply_int8 = multiply_int8,
    .attend_f32 = attend<float>,
    .attend_bf16 = attend<std::uint16_t>,
    .normalize = normalize,
    .quantize = quantize,
    .activate = activate,
};

}  // namespace isogloss::nn
