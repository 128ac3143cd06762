// SPDX-License-Identifier: Apache-2.0
#include "simd/kernel_choice.hpp"
#include "vectors/word_scan_kernels.hpp"

namespace isogloss::vectors {

IG_KERNEL_CHOICE(ScanKernels, scan_kernels)

}  // namespace isogloss::vectors
