// SPDX-License-Identifier: Apache-2.0
// Tensors of files as floats.
#pragma once

#include <cstddef>
#include <span>

#include "formats/safetensors.hpp"

namespace isogloss::vectors {

// The numbers of an F32, F16, BF16 or F64 tensor. False, and out as it was: another type. REQUIRES: `bytes` are those
// of as many numbers as `out` has.
bool widen(formats::TensorType type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace isogloss::vectors
