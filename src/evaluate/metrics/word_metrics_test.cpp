// SPDX-License-Identifier: Apache-2.0
// Correlation, purity and the association test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/metrics/correlation.hpp"
#include "evaluate/metrics/purity.hpp"
#include "evaluate/metrics/weat.hpp"

namespace isogloss::evaluation {
namespace {

using testing::ElementsAre;

// Ranks of 10, 20, 20, 5: 2, 3.5, 3.5, 1; against 1, 2, 3, 4 the deviations multiply to -1 (Pearson -1 / sqrt(4.5 *
// 5)).
TEST(Correlation, SpearmanGivesTiesTheMeanOfTheirRanks) {
  const std::vector<double> x{10, 20, 20, 5};
  const std::vector<double> y{1, 2, 3, 4};
  EXPECT_THAT(average_ranks(x), ElementsAre(2, 3.5, 3.5, 1));
  EXPECT_NEAR(spearman(x, y), -1.5 / std::sqrt(4.5 * 5), 1e-15);
}

TEST(Correlation, OfAConstantIsUndefined) {
  const std::vector<double> x{1, 1, 1};
  const std::vector<double> y{1, 2, 3};
  EXPECT_TRUE(std::isnan(spearman(x, y)));
  EXPECT_TRUE(std::isnan(spearman({}, {})));
  EXPECT_DOUBLE_EQ(spearman(y, std::vector<double>{1, 8, 27}), 1);
}

// Cluster 0 holds a, a, b; cluster 1 holds b, c: 2 + 1 of 5 are with their like.
TEST(Purity, CountsTheMostFrequentClassOfEveryCluster) {
  EXPECT_DOUBLE_EQ(purity(std::vector<std::uint32_t>{0, 0, 0, 1, 1}, std::vector<std::uint32_t>{0, 0, 1, 1, 2}), 0.6);
  EXPECT_EQ(purity({}, {}), 0);
}

// 3, 1 against 0, 0: means 2 and 0, deviation of 3, 1, 0, 0 with n - 1 is sqrt(2). Of the six halves one alone sums
// to 4.
TEST(Weat, IsTheDifferenceOfMeansInDeviations) {
  const WeatResult result = weat(std::vector<double>{3, 1}, std::vector<double>{0, 0}, 100, 1);
  EXPECT_NEAR(result.effect, 2 / std::sqrt(2.0), 1e-15);
  EXPECT_TRUE(result.exact);
  EXPECT_EQ(result.partitions, 6u);
  EXPECT_NEAR(result.p, 1.0 / 6, 1e-15);
  EXPECT_TRUE(std::isnan(weat(std::vector<double>{1}, std::vector<double>{1}, 100, 1).effect));
}

TEST(Weat, RandomPartitionsComeNearTheExactShare) {
  std::vector<double> x, y;
  for (int i = 0; i < 8; ++i) {
    x.push_back(std::sin(i) + 0.3);
    y.push_back(std::sin(3 * i + 1));
  }
  const WeatResult exact = weat(x, y, 12870, 1);
  const WeatResult sampled = weat(x, y, 10000, 1);
  EXPECT_EQ(exact.partitions, 12870u);
  EXPECT_FALSE(sampled.exact);
  EXPECT_EQ(sampled.partitions, 10000u);
  EXPECT_NEAR(sampled.p, exact.p, 0.02);
}

TEST(Bootstrap, OfEqualValuesIsThatValue) {
  EXPECT_EQ(mean_interval(std::vector<double>{2, 2, 2}, 100, 1), (std::pair{2.0, 2.0}));
  EXPECT_EQ(mean_interval({}, 100, 1), (std::pair{0.0, 0.0}));
}

}  // namespace
}  // namespace isogloss::evaluation
