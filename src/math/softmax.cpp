// SPDX-License-Identifier: Apache-2.0
#include "math/softmax.hpp"

#include <cmath>
#include <limits>

#include "simd/kernels.hpp"

namespace isogloss::math {

float softmax(std::span<float> x) {
  const simd::Kernels& k = simd::kernels();
  const float highest = k.max(x.data(), x.size());
  if (std::isinf(highest) && highest < 0) return highest;
  const float sum = k.exp_sum(highest, x.data(), x.size());
  k.scale(1.0F / sum, x.data(), x.size());
  return highest + std::log(sum);
}

double log_sum_exp(std::span<const float> x) {
  const double highest = simd::kernels().max(x.data(), x.size());
  if (std::isinf(highest)) return highest;
  double sum = 0;
  for (const float value : x) sum += std::exp(value - highest);
  return highest + std::log(sum);
}

}  // namespace isogloss::math
