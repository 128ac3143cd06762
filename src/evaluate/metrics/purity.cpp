// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/purity.hpp"

#include <algorithm>
#include <map>

namespace isogloss::evaluation {

double purity(std::span<const std::uint32_t> clusters, std::span<const std::uint32_t> classes) {
  std::map<std::uint32_t, std::map<std::uint32_t, std::size_t>> counts;
  for (std::size_t i = 0; i < clusters.size(); ++i) ++counts[clusters[i]][classes[i]];
  std::size_t right = 0;
  for (const auto& [cluster, members] : counts) {
    std::size_t most = 0;
    for (const auto& [label, count] : members) most = std::max(most, count);
    right += most;
  }
  return clusters.empty() ? 0 : static_cast<double>(right) / static_cast<double>(clusters.size());
}

}  // namespace isogloss::evaluation
