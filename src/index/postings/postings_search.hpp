// SPDX-License-Identifier: Apache-2.0
// The best documents of the mapped part for a weighted query.
#pragma once

#include <cstdint>
#include <span>

#include "index/postings/postings_file.hpp"
#include "index/row_mask.hpp"
#include "math/topk.hpp"

namespace isogloss::index {

// Scores as whole numbers and back. The largest possible sum of a query becomes 2^30.
class ScoreScale {
 public:
  explicit ScoreScale(double largest_sum) : per_point_(largest_sum / kPoints) {}
  float factor(double weight) const { return static_cast<float>(weight / per_point_); }
  float score(std::int32_t points) const { return static_cast<float>(points * per_point_); }
  // No sum below this reaches the score.
  std::int32_t points_for(float score) const {
    const double points = score / per_point_ * (1 - 1e-6) - 1;
    return points < 1 ? 1 : static_cast<std::int32_t>(points);
  }

 private:
  static constexpr double kPoints = 0x1p30;
  double per_point_;
};

struct QueryList {
  std::uint32_t term = 0;  // number in the file
  double weight = 0;       // query weight times idf
};

// Pushes documents into `best` (by id) with all that can still be among them. `allowed`: documents that may be
// returned, null = all. norms (documents) at the live average length. Adds to *scored what was scored.
// Error{corrupt_data}.
Status search_postings(const PostingsFile& file, std::span<const QueryList> lists, const float* norms, float slack,
                       const ScoreScale& scale, const RowMask* allowed, math::TopK& best, std::size_t* scored);

}  // namespace isogloss::index
