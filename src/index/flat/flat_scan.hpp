// SPDX-License-Identifier: Apache-2.0
// Exact search over rows in memory or in a map.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "index/row_mask.hpp"
#include "isogloss/context.hpp"
#include "isogloss/index.hpp"
#include "math/matrix.hpp"

namespace isogloss::index {

// Rows of one element type in somebody's memory.
struct FlatRows {
  const std::byte* data = nullptr;  // (count, stride) elements
  std::size_t count = 0;
  std::size_t dim = 0;
  std::size_t stride = 0;  // elements from one row to the next
  DType dtype = DType::f32;
  std::span<const std::int64_t> ids;  // (count)
  std::optional<RowMask> mask;        // rows that may be returned; none = all
};

// scores[i] of row picks[i], or of row first + i when picks is empty: q.x, or -|q - x|^2 for Metric::euclidean.
// query (dim), picks (n) or empty, scores (n)
void score_rows(const FlatRows& rows, Metric metric, std::span<const float> query, std::size_t first,
                std::span<const std::uint32_t> picks, std::span<float> scores);

// The k best rows of all parts that score at least `least`, for every query, best first, ties by ascending id. Bits do
// not depend on the number of queries or threads. queries (q, dim) with column_stride 1 -> (q) lists
std::vector<std::vector<IndexHit>> scan(std::span<const FlatRows> parts, Metric metric, math::MatrixView queries,
                                        std::size_t k, float least, const Context& context, std::size_t* scored);

}  // namespace isogloss::index
