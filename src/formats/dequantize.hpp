// SPDX-License-Identifier: Apache-2.0
// Tensors of ggml's types as f32 (block layouts: ggml, ggml-quants.c; the values are those of gguf-py's dequantize).
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "formats/gguf.hpp"

namespace isogloss::formats {

// F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K.
bool can_dequantize(const GgmlType& type);
std::string dequantized_types();  // "F32, F16, ..."

// All elements of `bytes`, which are whole blocks of `type`. REQUIRES: can_dequantize(type); bytes.size() is
// out.size() / type.block_elements * type.block_bytes, without a rest.
void dequantize(const GgmlType& type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace isogloss::formats
