// SPDX-License-Identifier: Apache-2.0
// Which table of kernels runs: that of the level simd::kernels() chose.
#include "vectors/word_scan_kernels.hpp"

namespace isogloss::vectors {

extern const ScanKernels scan_kernels_scalar;
extern const ScanKernels scan_kernels_avx2;
extern const ScanKernels scan_kernels_avx512;
extern const ScanKernels scan_kernels_avx512_bf16;

const ScanKernels& scan_kernels(simd::Level level) {
  return simd::table_of(level, scan_kernels_scalar, scan_kernels_avx2, scan_kernels_avx512, scan_kernels_avx512_bf16);
}

const ScanKernels& scan_kernels() {
  static const ScanKernels& table = scan_kernels(simd::active_level());
  return table;
}

}  // namespace isogloss::vectors
