// SPDX-License-Identifier: Apache-2.0
// Which table of kernels runs: that of the level simd::kernels() chose.
#include "model/glove/glove_kernels.hpp"

namespace isogloss::model {

extern const GloveKernels glove_kernels_scalar;
extern const GloveKernels glove_kernels_avx2;
extern const GloveKernels glove_kernels_avx512;
extern const GloveKernels glove_kernels_avx512_bf16;

const GloveKernels& glove_kernels(simd::Level level) {
  return simd::table_of(level, glove_kernels_scalar, glove_kernels_avx2, glove_kernels_avx512,
                        glove_kernels_avx512_bf16);
}

const GloveKernels& glove_kernels() {
  static const GloveKernels& table = glove_kernels(simd::active_level());
  return table;
}

}  // namespace isogloss::model
