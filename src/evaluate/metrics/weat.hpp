// SPDX-License-Identifier: Apache-2.0
// The word embedding association test (Caliskan, Bryson and Narayanan 2017).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace isogloss::evaluation {

struct WeatResult {
  double effect = 0;  // NaN when all associations are equal
  double p = 1;
  std::size_t partitions = 0;  // that p was computed over
  bool exact = false;          // all of them
};

// x (n), y (m): s(w) = mean cosine with A - mean cosine with B of the words of two targets.
//   effect = (mean x - mean y) / sd(x and y), with n - 1, as Caliskan et al. and sent-bias
//   p      = share of equal partitions whose first part sums to the sum of x or more; of all partitions when these are
//   no
//            more than `samples`, else of samples - 1 random ones and the one at hand. One-sided.
// REQUIRES: neither is empty.
WeatResult weat(std::span<const double> x, std::span<const double> y, std::size_t samples, std::uint64_t seed);

}  // namespace isogloss::evaluation
