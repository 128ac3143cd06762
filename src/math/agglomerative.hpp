// SPDX-License-Identifier: Apache-2.0
// Clusters by merging what is nearest, from single points up (Ward's linkage: the merge that raises the sum of squared
// distances to the centroids least; Ward 1963).
#pragma once

#include <cstdint>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

// (points) cluster from 0, in order of their first point; as scikit-learn's AgglomerativeClustering. Time grows with
// the square of the points, memory with their number. Error{invalid_argument}: clusters is 0 or more than the points.
// REQUIRES: points.column_stride == 1.
Result<std::vector<std::uint32_t>> agglomerative(MatrixView points /* (n, dim) */, std::size_t clusters,
                                                 const Context& context);

}  // namespace isogloss::math
