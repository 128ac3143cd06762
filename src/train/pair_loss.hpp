// SPDX-License-Identifier: Apache-2.0
// The loss of a training by pairs, of some of its steps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "train/pair_kernels.hpp"

namespace isogloss::training {

class PairLoss {
 public:
  // What the mean is over: pairs with label 1, or steps (of a tree, where a step is a word).
  enum class Per : std::uint8_t { pair, step };
  explicit PairLoss(Per per) : per_(per) {}

  // Whether this step is looked at: one of 64.
  bool due() { return steps_++ % 64 == 0; }
  // Adds - weight (label ln p + (1 - label) ln (1 - p)). REQUIRES: measure() has run and update() has not.
  void add(const PairStep& step) {
    for (std::size_t r = 0; r < step.row_count; ++r) {
      for (std::size_t t = 0; t < step.target_count; ++t) {
        const auto weight = static_cast<double>(step.weights[r * step.stride + t]);
        const auto s = static_cast<double>(step.gradients[r * step.stride + t]);
        const double sign = step.labels[t] > 0 ? -1 : 1;
        sum_ += weight * std::log1p(std::exp(std::min(sign * s, 80.0)));
        if (per_ == Per::pair) count_ += step.labels[t] > 0 ? weight : 0;
      }
    }
    if (per_ == Per::step) count_ += 1;
  }
  double mean() const { return count_ > 0 ? sum_ / count_ : 0; }

 private:
  Per per_;
  std::uint64_t steps_ = 0;
  double sum_ = 0;
  double count_ = 0;
};

}  // namespace isogloss::training
