// SPDX-License-Identifier: Apache-2.0
#include "model/glove/glove_kernels.hpp"
#include "simd/kernel_choice.hpp"

namespace isogloss::model {

IG_KERNEL_CHOICE(GloveKernels, glove_kernels)

}  // namespace isogloss::model
