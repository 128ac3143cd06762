// SPDX-License-Identifier: Apache-2.0
// Clusters of points in Euclidean space (Lloyd's k-means, seeded by k-means++).
#pragma once

#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

struct KMeansOptions {
  std::size_t clusters = 8;
  std::size_t rounds = 25;  // at most
  // Stop when the centroids moved less than this, squared and summed, in units of the points' mean variance.
  double tolerance = 1e-4;
  // Candidates per seed, of which the best is kept; 1 = plain k-means++. More costs a pass over the points each.
  std::size_t seed_trials = 1;
  // Seeds are drawn from a random sample of this many points per cluster; 0 = from all points.
  std::size_t seed_sample = 64;
};

struct KMeans {
  Matrix centroids;                       // (clusters, dim)
  std::vector<std::uint32_t> assignment;  // (points), nearest centroid, ties to the lower number
  double inertia = 0;                     // sum of squared distances to the nearest centroid
  std::size_t rounds = 0;
};

// Same bits for the same context.seed at any number of threads and on every instruction set. A cluster that lost all its points restarts at the
// point farthest from its own centroid. Error{invalid_argument}: clusters is 0 or more than the points, or a value is
// not finite. REQUIRES: points.column_stride == 1.
Result<KMeans> kmeans(MatrixView points /* (n, dim) */, const KMeansOptions& options, const Context& context);

// The nearest centroid of every point, ties to the lower number. REQUIRES: equal dims, column_stride 1, at least one
// centroid. out (n)
void assign_nearest(MatrixView points /* (n, dim) */, MatrixView centroids /* (k, dim) */, std::span<std::uint32_t> out,
                    const Context& context);

}  // namespace isogloss::math
