// SPDX-License-Identifier: Apache-2.0
// The table of one instruction set. CMake compiles this file once per variant with that variant's flags and
// IG_KERNEL_VARIANT=<name>; each object exports the one symbol kernels_<name> and nothing else. Code in such a file
// must not instantiate templates or inline functions of others (std:: included): the linker keeps one copy of a weak
// symbol, perhaps the AVX-512 one, and an older machine would run it.
#include "simd/kernels.hpp"

#include "simd/elementwise_inl.hpp"
#include "simd/gemm_inl.hpp"
#include "simd/narrow_inl.hpp"
#include "simd/reduce_inl.hpp"
#include "simd/vec_inl.hpp"

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(kernels_, variant)

namespace isogloss::simd {

extern const Kernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

const Kernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {
    .dot = reduce_pair<Multiply>,
    .squared_distance = reduce_pair<SquareDifference>,
    .cosine_parts = cosine_parts,
    .sum = sum,
    .sum_of_squares = sum_of_squares,
    .max = max,
    .max_abs = max_abs,
    .axpy = axpy,
    .scale = scale,
    .exp_sum = exp_sum,
    .f32_to_bf16 = f32_to_bf16,
    .bf16_to_f32 = bf16_to_f32,
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .f32_to_i8 = f32_to_i8,
    .dot_bf16 = dot_bf16,
    .dot_f16 = dot_f16,
    .dot_i8 = dot_i8,
    .near_codes = near_codes,
    .count_bits = count_bits,
    .dot_rows_f32 = reduce_rows<Multiply, float>,
    .dot_rows_bf16 = reduce_rows<Multiply, std::uint16_t>,
    .dot_rows_i8 = dot_rows_i8,
    .distance_rows_f32 = reduce_rows<SquareDifference, float>,
    .distance_rows_bf16 = reduce_rows<SquareDifference, std::uint16_t>,
    .gather_sum = gather_sum<float>,
    .gather_sum_i8 = gather_sum<std::int8_t>,
    .find_at_least = find_at_least,
    .find_reaching = find_reaching,
    .tile_rows = kTileRows,
    .tile_columns = kTileColumns,
    .gemm_set = gemm_tile<false>,
    .gemm_add = gemm_tile<true>,
    .gemm_set_bf16 = gemm_tile_bf16<false>,
    .gemm_add_bf16 = gemm_tile_bf16<true>,
};

}  // namespace isogloss::simd
