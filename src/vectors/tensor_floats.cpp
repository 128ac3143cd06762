// SPDX-License-Identifier: Apache-2.0
#include "vectors/tensor_floats.hpp"

#include <cstring>

#include "math/narrow.hpp"

namespace isogloss::vectors {

bool widen(formats::TensorType type, std::span<const std::byte> bytes, std::span<float> out) {
  switch (type) {
    case formats::TensorType::f32:
      if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      return true;
    case formats::TensorType::bf16:
      math::widen_bf16(bytes, out);
      return true;
    case formats::TensorType::f16:
      math::widen_f16(bytes, out);
      return true;
    case formats::TensorType::f64:
      for (std::size_t i = 0; i < out.size(); ++i) {
        double x = 0;
        std::memcpy(&x, bytes.data() + 8 * i, 8);
        out[i] = static_cast<float>(x);
      }
      return true;
    default:
      return false;
  }
}

}  // namespace isogloss::vectors
