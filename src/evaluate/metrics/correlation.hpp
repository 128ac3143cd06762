// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace isogloss::evaluation {

// Ranks from 1, ties share the mean of theirs. (n) -> (n)
std::vector<double> average_ranks(std::span<const double> values);
// NaN when one side is constant, or empty. x (n), y (n)
double pearson(std::span<const double> x, std::span<const double> y);
// Pearson's of the average ranks, as scipy.stats.spearmanr.
double spearman(std::span<const double> x, std::span<const double> y);

// 95 % bootstrap intervals; a sample without variation counts as 0.
using Interval = std::pair<double, double>;
Interval pearson_interval(std::span<const double> x, std::span<const double> y, std::size_t resamples,
                          std::uint64_t seed);
Interval spearman_interval(std::span<const double> x, std::span<const double> y, std::size_t resamples,
                           std::uint64_t seed);

}  // namespace isogloss::evaluation
