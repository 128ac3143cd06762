// SPDX-License-Identifier: Apache-2.0
// Arrays of narrow floats as they lie in files (little-endian, any alignment) to f32, and back.
#pragma once

#include <cstddef>
#include <span>

namespace isogloss::math {

// REQUIRES: bytes.size() == 2 * out.size().
void widen_bf16(std::span<const std::byte> bytes, std::span<float> out);
void widen_f16(std::span<const std::byte> bytes, std::span<float> out);

// The way back, to the nearest, ties to even. f16: false when a finite number is too large for it.
// REQUIRES: out.size() == 2 * values.size().
void narrow_bf16(std::span<const float> values, std::span<std::byte> out);
bool narrow_f16(std::span<const float> values, std::span<std::byte> out);

}  // namespace isogloss::math
