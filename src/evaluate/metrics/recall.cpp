// SPDX-License-Identifier: Apache-2.0
// recall@k: relevant documents among the first k, over all relevant ones of the query.
#include <algorithm>

#include "evaluate/metrics/metrics.hpp"

namespace isogloss::evaluation {
namespace {

double recall(std::span<const std::int64_t> gains, std::span<const std::int64_t> ideal, std::size_t cut) {
  const auto found = std::count_if(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(std::min(gains.size(), cut)),
                                   [](std::int64_t g) { return g > 0; });
  return ideal.empty() ? 0.0 : static_cast<double>(found) / static_cast<double>(ideal.size());
}

}  // namespace

constinit const RankingMetric kRecall{"recall", "share of the relevant documents found", true, recall};

}  // namespace isogloss::evaluation
