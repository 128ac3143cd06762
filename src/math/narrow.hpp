// SPDX-License-Identifier: Apache-2.0
// Arrays of narrow floats as they lie in files (little-endian, any alignment) to f32.
#pragma once

#include <cstddef>
#include <span>

namespace isogloss::math {

// REQUIRES: bytes.size() == 2 * out.size().
void widen_bf16(std::span<const std::byte> bytes, std::span<float> out);
void widen_f16(std::span<const std::byte> bytes, std::span<float> out);

}  // namespace isogloss::math
