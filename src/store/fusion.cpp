// SPDX-License-Identifier: Apache-2.0
#include "store/fusion.hpp"

#include <algorithm>
#include <unordered_map>

namespace isogloss::store {
namespace {

// Scores of a list scaled to 0..1: the best has 1, the worst 0; a list of equal scores has 1 everywhere.
double scaled(std::span<const IndexHit> list, std::size_t i) {
  const double top = list.front().score, bottom = list.back().score;
  return top > bottom ? (list[i].score - bottom) / (top - bottom) : 1.0;
}

}  // namespace

std::vector<StoreHit> fuse(std::span<const IndexHit> lexical, std::span<const IndexHit> dense, const StoreQuery& query) {
  std::unordered_map<std::int64_t, StoreHit> joined;
  const bool by_rank = query.fusion == Fusion::rrf;
  const auto take = [&](std::span<const IndexHit> list, double weight, auto rank, auto score) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      StoreHit& hit = joined[list[i].id];
      hit.number = list[i].id;
      hit.kind = by_rank ? ScoreKind::rrf : ScoreKind::weighted;
      hit.*rank = static_cast<std::uint32_t>(i + 1);
      hit.*score = list[i].score;
      hit.score += weight * (by_rank ? 1.0 / (query.rank_constant + static_cast<double>(i + 1)) : scaled(list, i));
    }
  };
  take(lexical, by_rank ? 1.0 : 1 - query.dense_weight, &StoreHit::lexical_rank, &StoreHit::lexical_score);
  take(dense, query.dense_weight, &StoreHit::dense_rank, &StoreHit::dense_score);
  std::vector<StoreHit> hits;
  hits.reserve(joined.size());
  for (auto& [number, hit] : joined) hits.push_back(hit);
  const std::size_t k = std::min(query.k, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(k), hits.end(),
                    [](const StoreHit& a, const StoreHit& b) {
                      return a.score != b.score ? a.score > b.score : a.number < b.number;
                    });
  hits.resize(k);
  return hits;
}

}  // namespace isogloss::store
