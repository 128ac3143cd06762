// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "isogloss/index.hpp"
#include "isogloss/store.hpp"

namespace isogloss::store {

// Joins two ranked lists (best first) into the k best; ties by number ascending.
//   rrf:      score = 1 / (c + lexical rank) + w / (c + dense rank)             (Cormack, Clarke, Buettcher 2009: w = 1)
//   weighted: score = w * dense' + (1 - w) * lexical', each list scaled to 0..1 over its own scores, 0 when absent
std::vector<StoreHit> fuse(std::span<const IndexHit> lexical, std::span<const IndexHit> dense, const StoreQuery& query);

}  // namespace isogloss::store
