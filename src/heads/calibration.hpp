// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace isogloss::heads {

// Expected calibration error: the gap between the probability of the best class and how often it is right, by fifteen
// equal steps of probability, weighted by how many fall into each (Guo et al. 2017). Steps are open below and closed
// above, as there.
class Calibration {
 public:
  void add(double probability, bool right) {
    const double step = std::clamp(std::ceil(probability * kSteps) - 1, 0.0, kSteps - 1.0);
    gaps_[static_cast<std::size_t>(step)] += (right ? 1.0 : 0.0) - probability;
    ++count_;
  }
  double error() const {
    double sum = 0;
    for (const double gap : gaps_) sum += std::abs(gap);
    return count_ == 0 ? 0 : sum / static_cast<double>(count_);
  }

 private:
  static constexpr std::size_t kSteps = 15;
  std::array<double, kSteps> gaps_{};
  std::size_t count_ = 0;
};

}  // namespace isogloss::heads
