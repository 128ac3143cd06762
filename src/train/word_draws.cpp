// SPDX-License-Identifier: Apache-2.0
#include "train/word_draws.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace isogloss::training {

AliasTable::AliasTable(std::span<const double> weights) : cells_(weights.size()) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto n = static_cast<double>(weights.size());
  std::vector<double> height(weights.size());  // of each cell, 1 on average
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    height[i] = total > 0 ? weights[i] / total * n : 1.0;
    (height[i] < 1 ? low : high).push_back(i);
    cells_[i] = {UINT32_MAX, i};
  }
  while (!low.empty() && !high.empty()) {
    const std::uint32_t small = low.back();
    const std::uint32_t large = high.back();
    low.pop_back();
    cells_[small] = {static_cast<std::uint32_t>(std::min(height[small] * 0x1p32, 0x1p32 - 1)), large};
    height[large] -= 1 - height[small];
    if (height[large] < 1) {
      high.pop_back();
      low.push_back(large);
    }
  }
}

AliasTable negative_table(std::span<const std::uint64_t> counts, double exponent) {
  std::vector<double> weights(counts.size());
  // Against the largest count, so that no power overflows.
  const auto most = static_cast<double>(*std::ranges::max_element(counts));
  std::ranges::transform(counts, weights.begin(),
                         [&](std::uint64_t n) { return std::pow(static_cast<double>(n) / most, exponent); });
  const double largest = *std::ranges::max_element(weights);
  for (double& w : weights) w /= largest;  // and none with a negative exponent either
  return AliasTable(weights);
}

std::vector<std::uint32_t> keep_limits(std::span<const std::uint64_t> counts, double sample) {
  double total = 0;
  for (const std::uint64_t n : counts) total += static_cast<double>(n);
  std::vector<std::uint32_t> limits(counts.size(), UINT32_MAX);
  for (std::size_t i = 0; sample > 0 && i < counts.size(); ++i) {
    const double f = static_cast<double>(counts[i]) / total;
    const double p = (std::sqrt(f / sample) + 1) * sample / f;
    if (p < 1) limits[i] = static_cast<std::uint32_t>(p * 0x1p32);
  }
  return limits;
}

HuffmanTree::HuffmanTree(std::span<const std::uint64_t> counts) : begins_(counts.size() + 1) {
  const std::size_t n = counts.size();
  if (n < 2) return;
  // Two queues: words from the rarest on, inner nodes in the order they are made, both by rising count.
  std::vector<std::uint64_t> weight(n - 1);
  std::vector<std::uint32_t> parent(2 * n - 1);  // words, then inner nodes
  std::vector<bool> second(2 * n - 1);           // is it the branch 1?
  std::size_t words = n;                         // left in the first queue
  std::size_t inner = 0;                         // taken from the second
  for (std::size_t made = 0; made < n - 1; ++made) {
    for (const bool branch : {false, true}) {
      const bool word = words > 0 && (inner >= made || counts[words - 1] < weight[inner]);
      const std::size_t node = word ? --words : n + inner++;
      weight[made] += word ? counts[node] : weight[node - n];
      parent[node] = static_cast<std::uint32_t>(made);
      second[node] = branch;
    }
  }
  std::vector<std::uint32_t> way;
  for (std::size_t i = 0; i < n; ++i) {
    way.clear();
    for (std::size_t node = i; node != 2 * n - 2; node = n + parent[node]) {
      way.push_back(static_cast<std::uint32_t>(node));
    }
    for (auto node = way.rbegin(); node != way.rend(); ++node) {
      nodes_.push_back(parent[*node]);
      labels_.push_back(second[*node] ? 0.0F : 1.0F);
    }
    begins_[i + 1] = nodes_.size();
    longest_ = std::max(longest_, way.size());
  }
}

}  // namespace isogloss::training
