// SPDX-License-Identifier: Apache-2.0
// 95 % percentile bootstrap: the statistic of samples drawn with replacement, 2.5 % cut off at both ends.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace isogloss::evaluation {

// statistic(indices) of n items.
template <class Statistic>
std::pair<double, double> bootstrap(std::size_t n, std::size_t resamples, std::uint64_t seed, Statistic&& statistic) {
  if (n == 0 || resamples == 0) return {0, 0};
  Random random(seed);
  std::vector<std::size_t> indices(n);
  std::vector<double> found;
  for (std::size_t r = 0; r < resamples; ++r) {
    for (std::size_t& index : indices) index = random.bounded(n);
    found.push_back(statistic(std::span<const std::size_t>(indices)));
  }
  std::ranges::sort(found);
  return {found[found.size() / 40], found[found.size() - 1 - found.size() / 40]};
}

// Of nothing it is NaN.
inline double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the mean of values. (n)
inline std::pair<double, double> mean_interval(std::span<const double> values, std::size_t resamples,
                                               std::uint64_t seed) {
  return bootstrap(values.size(), resamples, seed, [&](std::span<const std::size_t> indices) {
    double sum = 0;
    for (const std::size_t i : indices) sum += values[i];
    return sum / static_cast<double>(values.size());
  });
}

}  // namespace isogloss::evaluation
