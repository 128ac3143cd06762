// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace isogloss::math {

// x_i = exp(x_i) / sum_j exp(x_j), in place; -infinity gives 0. Returns log sum_j exp(x_j) of the input, -infinity when
// x is empty. x (n)
float softmax(std::span<float> x);

// log sum_j exp(x_j) without overflow. x (n)
double log_sum_exp(std::span<const float> x);

}  // namespace isogloss::math
