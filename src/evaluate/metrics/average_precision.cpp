// SPDX-License-Identifier: Apache-2.0
// MAP: precision at the rank of each relevant document found, summed, over all relevant ones of the query.
#include <algorithm>

#include "evaluate/metrics/metrics.hpp"

namespace isogloss::evaluation {
namespace {

double average_precision(std::span<const std::int64_t> gains, std::span<const std::int64_t> ideal, std::size_t cut) {
  double sum = 0, found = 0;
  for (std::size_t i = 0; i < std::min(gains.size(), cut); ++i) {
    if (gains[i] > 0) sum += ++found / static_cast<double>(i + 1);
  }
  return ideal.empty() ? 0.0 : sum / static_cast<double>(ideal.size());
}

}  // namespace

constinit const RankingMetric kAveragePrecision{"map", "mean average precision", true, average_precision};

}  // namespace isogloss::evaluation
