// SPDX-License-Identifier: Apache-2.0
#include "math/hdbscan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "math/agglomerative.hpp"

namespace isogloss::math {
namespace {

using testing::Each;
using testing::ElementsAre;

Matrix column(std::vector<float> values) {
  Matrix out(values.size(), 1);
  std::ranges::copy(values, out.data());
  return out;
}

// Two groups on a line, and a point that is near neither.
TEST(Hdbscan, FindsGroupsAndPointsOfNone) {
  Context context;
  const Matrix points = column({0, 1, 2, 1000, 100, 101, 102});
  const Hdbscan found = hdbscan(points.view(), {.min_cluster_size = 3}, context).value();
  EXPECT_THAT(found.cluster, ElementsAre(0, 0, 0, -1, 1, 1, 1));
  EXPECT_EQ(found.clusters, 2U);
}

TEST(Hdbscan, OneGroupIsNoClusterAndEqualPointsAreOne) {
  Context context;
  EXPECT_THAT(hdbscan(column({0, 1, 2, 3, 4, 5}).view(), {.min_cluster_size = 3}, context).value().cluster, Each(-1));
  EXPECT_THAT(hdbscan(column({7, 7, 7, 9, 9, 9}).view(), {.min_cluster_size = 3}, context).value().cluster,
              ElementsAre(0, 0, 0, 1, 1, 1));
}

TEST(Hdbscan, SaysWhatItCannotDo) {
  Context context;
  EXPECT_EQ(hdbscan(column({1, 2}).view(), {.min_cluster_size = 5}, context).error().code, Code::invalid_argument);
  EXPECT_EQ(hdbscan(column({1, 2}).view(), {.min_cluster_size = 1}, context).error().code, Code::invalid_argument);
  EXPECT_EQ(hdbscan(column({1, NAN}).view(), {.min_cluster_size = 2}, context).error().item, 1);
}

// Merges of Ward: {0, 1}, {10, 12}, then 30 joins neither before k = 3.
TEST(Agglomerative, MergesWhatRaisesTheSumOfSquaresLeast) {
  Context context;
  const Matrix points = column({0, 10, 1, 12, 30});
  EXPECT_THAT(agglomerative(points.view(), 3, context).value(), ElementsAre(0, 1, 0, 1, 2));
  EXPECT_THAT(agglomerative(points.view(), 1, context).value(), Each(0));
  EXPECT_THAT(agglomerative(points.view(), 5, context).value(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(agglomerative(points.view(), 6, context).error().code, Code::invalid_argument);
  EXPECT_EQ(agglomerative(points.view(), 0, context).error().code, Code::invalid_argument);
}

TEST(Agglomerative, AnyNumberOfThreadsGivesTheSameClusters) {
  Random random(3);
  Matrix points(3000, 4);
  for (std::size_t i = 0; i < 3000; ++i) {
    for (float& x : points.row(i)) x = static_cast<float>(random.normal() + static_cast<double>(i % 5) * 4);
  }
  Context one;
  ThreadPool pool(4);
  Context four;
  four.pool = &pool;
  four.threads = 4;
  EXPECT_EQ(agglomerative(points.view(), 5, one).value(), agglomerative(points.view(), 5, four).value());
  EXPECT_EQ(hdbscan(points.view(), {}, one).value().cluster, hdbscan(points.view(), {}, four).value().cluster);
}

}  // namespace
}  // namespace isogloss::math
