// SPDX-License-Identifier: Apache-2.0
#include "math/kmeans.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/random.hpp"

namespace isogloss::math {
namespace {

// `groups` clouds of `each` points around far-apart corners.
Matrix clouds(std::size_t groups, std::size_t each, std::size_t dim, std::uint64_t seed) {
  Random random(seed);
  Matrix points(groups * each, dim);
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t j = 0; j < dim; ++j) {
      points(i, j) = static_cast<float>(random.normal() * 0.1 + (j == i % groups ? 10 : 0));
    }
  }
  return points;
}

TEST(KMeans, SplitsTwoPairsOnALine) {
  Matrix points(4, 1);
  points(0, 0) = 0, points(1, 0) = 10, points(2, 0) = 1, points(3, 0) = 11;
  const KMeans found = kmeans(points.view(), {.clusters = 2}, Context{}).value();
  EXPECT_EQ(found.assignment[0], found.assignment[2]);
  EXPECT_EQ(found.assignment[1], found.assignment[3]);
  EXPECT_NE(found.assignment[0], found.assignment[1]);
  EXPECT_FLOAT_EQ(found.centroids(found.assignment[0], 0), 0.5F);
  EXPECT_NEAR(found.inertia, 1.0, 1e-6);  // four times 0.5^2
}

TEST(KMeans, FindsSeparatedClouds) {
  const Matrix points = clouds(7, 150, 12, 1);
  const KMeans found = kmeans(points.view(), {.clusters = 7, .seed_trials = 4}, Context{}).value();
  for (std::size_t i = 0; i < points.rows(); ++i) EXPECT_EQ(found.assignment[i], found.assignment[i % 7]);
  EXPECT_EQ(std::set<std::uint32_t>(found.assignment.begin(), found.assignment.begin() + 7).size(), 7U);
}

TEST(KMeans, AssignmentIsTheNearestCentroid) {
  Random random(2);
  Matrix points(3000, 19);
  Matrix centroids(37, 19);
  for (std::size_t i = 0; i < 3000 * 19; ++i) points.data()[i] = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < 37 * 19; ++i) centroids.data()[i] = static_cast<float>(random.normal());
  std::vector<std::uint32_t> found(3000);
  assign_nearest(points.view(), centroids.view(), found, Context{});
  for (std::size_t i = 0; i < 3000; ++i) {
    double best = INFINITY;
    double chosen = 0;
    for (std::size_t c = 0; c < 37; ++c) {
      double distance = 0;
      for (std::size_t j = 0; j < 19; ++j) distance += std::pow(points(i, j) - centroids(c, j), 2);
      best = std::min(best, distance);
      if (c == found[i]) chosen = distance;
    }
    EXPECT_NEAR(chosen, best, 1e-4);
  }
}

TEST(KMeans, ThreadsDoNotChangeABit) {
  const Matrix points = clouds(9, 400, 8, 3);
  const KMeansOptions options{.clusters = 20, .seed_trials = 2};
  const KMeans alone = kmeans(points.view(), options, Context{}).value();
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  const KMeans together = kmeans(points.view(), options, context).value();
  EXPECT_EQ(alone.assignment, together.assignment);
  EXPECT_EQ(alone.inertia, together.inertia);
  EXPECT_TRUE(std::equal(alone.centroids.data(), alone.centroids.data() + 160, together.centroids.data()));
}

TEST(KMeans, EqualPointsFillEveryClusterItCan) {
  Matrix points(6, 2);
  const KMeans found = kmeans(points.view(), {.clusters = 3}, Context{}).value();
  EXPECT_EQ(found.inertia, 0);
  const KMeans each = kmeans(clouds(3, 2, 3, 4).view(), {.clusters = 6}, Context{}).value();
  EXPECT_NEAR(each.inertia, 0, 1e-6);
}

TEST(KMeans, RefusesWhatItCannotCluster) {
  Matrix points(3, 2);
  EXPECT_EQ(kmeans(points.view(), {.clusters = 0}, Context{}).error().code, Code::invalid_argument);
  EXPECT_EQ(kmeans(points.view(), {.clusters = 4}, Context{}).error().code, Code::invalid_argument);
  points(1, 1) = NAN;
  EXPECT_EQ(kmeans(points.view(), {.clusters = 2}, Context{}).error().item, 1);
}

}  // namespace
}  // namespace isogloss::math
