// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/kernels.hpp"

#include "simd/kernel_choice.hpp"

namespace isogloss::nn {

IG_KERNEL_CHOICE(EncoderKernels, encoder_kernels)

// Panels of keys and of values, then a block of scores and of weights and one of sums; kMostRows and the widest panel
// of any instruction set (attention_inl.hpp).
std::size_t attention_scratch(std::size_t tokens, std::size_t head_dim) {
  constexpr std::size_t kWidest = 32;
  constexpr std::size_t kMostRows = 12;
  const auto up = [](std::size_t n) { return (n + kWidest - 1) / kWidest * kWidest; };
  const std::size_t keys = up(tokens);
  const std::size_t dim = up(head_dim);
  return sizeof(float) * (2 * keys * dim + 2 * kMostRows * keys + kMostRows * dim) + 5 * 64;
}

}  // namespace isogloss::nn
