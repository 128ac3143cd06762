// SPDX-License-Identifier: Apache-2.0
// MRR: 1 / rank of the first relevant document, 0 when none is among the first k.
#include <algorithm>

#include "evaluate/metrics/metrics.hpp"

namespace isogloss::evaluation {
namespace {

double reciprocal_rank(std::span<const std::int64_t> gains, std::span<const std::int64_t>, std::size_t cut) {
  for (std::size_t i = 0; i < std::min(gains.size(), cut); ++i) {
    if (gains[i] > 0) return 1.0 / static_cast<double>(i + 1);
  }
  return 0.0;
}

}  // namespace

constinit const RankingMetric kReciprocalRank{"mrr", "mean reciprocal rank", true, reciprocal_rank};

}  // namespace isogloss::evaluation
