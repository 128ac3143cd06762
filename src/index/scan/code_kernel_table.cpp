// SPDX-License-Identifier: Apache-2.0
#include "index/scan/code_kernels.hpp"
#include "simd/kernel_choice.hpp"

namespace isogloss::index {

IG_KERNEL_CHOICE(CodeKernels, code_kernels)

}  // namespace isogloss::index
