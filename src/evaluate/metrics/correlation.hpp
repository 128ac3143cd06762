// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace isogloss::evaluation {

// Ranks from 1, ties share the mean of theirs. (n) -> (n)
std::vector<double> average_ranks(std::span<const double> values);
// NaN when one side is constant, or empty. x (n), y (n)
double pearson(std::span<const double> x, std::span<const double> y);
// Pearson's of the average ranks, as scipy.stats.spearmanr.
double spearman(std::span<const double> x, std::span<const double> y);

}  // namespace isogloss::evaluation
