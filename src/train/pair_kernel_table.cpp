// SPDX-License-Identifier: Apache-2.0
#include "simd/kernel_choice.hpp"
#include "train/pair_kernels.hpp"

namespace isogloss::training {

IG_KERNEL_CHOICE(PairKernels, pair_kernels)

}  // namespace isogloss::training
