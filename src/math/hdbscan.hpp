// SPDX-License-Identifier: Apache-2.0
// Clusters of any shape and number by density, with points that belong to none (HDBSCAN*: Campello, Moulavi and Sander
// 2013; Campello et al. 2015). The rules are those of scikit-learn 1.9's HDBSCAN with its defaults: Euclidean distance,
// excess of mass, no single cluster.
#pragma once

#include <cstdint>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

struct HdbscanOptions {
  std::size_t min_cluster_size = 5;  // fewer points are no cluster; at least 2
  std::size_t min_samples = 0;       // neighbours that make a point dense, itself among them; 0 = min_cluster_size
};

struct Hdbscan {
  std::vector<std::int32_t> cluster;  // (points) from 0, in order of their first point; -1 = of none
  std::size_t clusters = 0;
};

// Time grows with the square of the points, memory with their number. Error{invalid_argument}: fewer points than
// min_samples, min_cluster_size below 2, a value that is not finite. REQUIRES: points.column_stride == 1.
Result<Hdbscan> hdbscan(MatrixView points /* (n, dim) */, const HdbscanOptions& options, const Context& context);

}  // namespace isogloss::math
