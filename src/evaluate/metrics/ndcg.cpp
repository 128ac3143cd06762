// SPDX-License-Identifier: Apache-2.0
// nDCG@k (trec_eval's ndcg_cut): gain = relevance, discount log2(rank + 1); the ideal ranking is that of all positive
// judgments, cut at k. No positive judgment: 0.
#include <algorithm>
#include <cmath>

#include "evaluate/metrics/metrics.hpp"

namespace isogloss::evaluation {
namespace {

double discounted(std::span<const std::int64_t> gains, std::size_t cut) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(gains.size(), cut); ++i) {
    if (gains[i] > 0) sum += static_cast<double>(gains[i]) / std::log2(static_cast<double>(i) + 2.0);
  }
  return sum;
}

double ndcg(std::span<const std::int64_t> gains, std::span<const std::int64_t> ideal, std::size_t cut) {
  const double best = discounted(ideal, cut);
  return best > 0 ? discounted(gains, cut) / best : 0.0;
}

}  // namespace

constinit const RankingMetric kNdcg{"ndcg", "normalised discounted cumulative gain", true, ndcg};

}  // namespace isogloss::evaluation
