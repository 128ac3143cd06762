// SPDX-License-Identifier: Apache-2.0
// P@k: relevant documents among the first k, over k even when fewer were returned.
#include <algorithm>

#include "evaluate/metrics/metrics.hpp"

namespace isogloss::evaluation {
namespace {

double precision(std::span<const std::int64_t> gains, std::span<const std::int64_t>, std::size_t cut) {
  const std::size_t depth = std::min(gains.size(), cut);
  const auto found = std::count_if(gains.begin(), gains.begin() + static_cast<std::ptrdiff_t>(depth),
                                   [](std::int64_t g) { return g > 0; });
  const std::size_t over = cut == SIZE_MAX ? gains.size() : cut;
  return over == 0 ? 0.0 : static_cast<double>(found) / static_cast<double>(over);
}

}  // namespace

constinit const RankingMetric kPrecision{"precision", "share of the first k that is relevant", true, precision};

}  // namespace isogloss::evaluation
