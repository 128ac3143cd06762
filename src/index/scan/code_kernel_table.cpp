// SPDX-License-Identifier: Apache-2.0
// Which table of kernels runs: that of the level simd::kernels() chose.
#include "index/scan/code_kernels.hpp"

namespace isogloss::index {

extern const CodeKernels code_kernels_scalar;
extern const CodeKernels code_kernels_avx2;
extern const CodeKernels code_kernels_avx512;
extern const CodeKernels code_kernels_avx512_bf16;

const CodeKernels& code_kernels(simd::Level level) {
  return simd::table_of(level, code_kernels_scalar, code_kernels_avx2, code_kernels_avx512, code_kernels_avx512_bf16);
}

const CodeKernels& code_kernels() {
  static const CodeKernels& table = code_kernels(simd::active_level());
  return table;
}

}  // namespace isogloss::index
