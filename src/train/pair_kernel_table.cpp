// SPDX-License-Identifier: Apache-2.0
// Which table of kernels runs: that of the level simd::kernels() chose.
#include "train/pair_kernels.hpp"

namespace isogloss::training {

extern const PairKernels pair_kernels_scalar;
extern const PairKernels pair_kernels_avx2;
extern const PairKernels pair_kernels_avx512;
extern const PairKernels pair_kernels_avx512_bf16;

const PairKernels& pair_kernels(simd::Level level) {
  return simd::table_of(level, pair_kernels_scalar, pair_kernels_avx2, pair_kernels_avx512, pair_kernels_avx512_bf16);
}

const PairKernels& pair_kernels() {
  static const PairKernels& table = pair_kernels(simd::active_level());
  return table;
}

}  // namespace isogloss::training
