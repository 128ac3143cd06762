// SPDX-License-Identifier: Apache-2.0
// Which table of encoder kernels runs: that of the level simd::kernels() chose.
#include "nn/encoder/kernels.hpp"

namespace isogloss::nn {

extern const EncoderKernels encoder_kernels_scalar;
extern const EncoderKernels encoder_kernels_avx2;
extern const EncoderKernels encoder_kernels_avx512;
extern const EncoderKernels encoder_kernels_avx512_bf16;

const EncoderKernels& encoder_kernels(simd::Level level) {
  return simd::table_of(level, encoder_kernels_scalar, encoder_kernels_avx2, encoder_kernels_avx512,
                        encoder_kernels_avx512_bf16);
}

const EncoderKernels& encoder_kernels() {
  static const EncoderKernels& table = encoder_kernels(simd::active_level());
  return table;
}

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
