// SPDX-License-Identifier: Apache-2.0
#include "train/word_draws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"

namespace isogloss::training {
namespace {

using testing::ElementsAre;

// Weights 1, 2, 5 of 8: a million draws, each share within 4 standard deviations.
TEST(AliasTable, DrawsInProportionToTheWeights) {
  const double weights[] = {1, 2, 0, 5};
  const AliasTable table(weights);
  std::vector<double> hits(4);
  Random random(1);
  for (int i = 0; i < 1000000; ++i) hits[table.draw(random.next())] += 1;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(hits[i] / 1e6, weights[i] / 8, 0.002) << i;
  EXPECT_EQ(hits[2], 0);
}

TEST(AliasTable, OneWordIsAlwaysDrawn) {
  const std::uint64_t counts[] = {7};
  EXPECT_EQ(negative_table(counts, 0.75).draw(UINT64_MAX), 0u);
  EXPECT_EQ(negative_table(counts, 0.75).draw(0), 0u);
}

// Counts 16 and 1 to the power 0.75 are 8 and 1.
TEST(AliasTable, NegativesFollowThePowerOfTheCounts) {
  const std::uint64_t counts[] = {16, 1};
  const AliasTable table = negative_table(counts, 0.75);
  Random random(2);
  double rare = 0;
  for (int i = 0; i < 900000; ++i) rare += table.draw(random.next()) == 1 ? 1 : 0;
  EXPECT_NEAR(rare / 900000, 1.0 / 9, 0.002);
  for (const double exponent : {-10.0, 0.0, 10.0}) {
    EXPECT_LT(negative_table(counts, exponent).draw(random.next()), 2u);
  }
}

// A word with share f = 0.04 and t = 0.01: (sqrt(4) + 1) / 4 = 0.75. One at f = t / 4: more than 1.
TEST(KeepLimits, FollowTheFormulaOfTheOriginal) {
  const std::uint64_t counts[] = {960, 38, 2};
  const std::vector<std::uint32_t> limits = keep_limits(counts, 0.01);
  const double f = 0.96;
  EXPECT_NEAR(limits[0] * 0x1p-32, (std::sqrt(f / 0.01) + 1) * 0.01 / f, 1e-9);
  EXPECT_EQ(limits[2], UINT32_MAX);
  const std::uint64_t four[] = {960, 40};
  EXPECT_NEAR(keep_limits(four, 0.01)[1] * 0x1p-32, 0.75, 1e-9);
  EXPECT_THAT(keep_limits(four, 0), ElementsAre(UINT32_MAX, UINT32_MAX));
}

// Counts 5, 2, 1, 1: 1 + 1 = node 0, node 0 + 2 = node 1, node 1 + 5 = node 2, the root. The rarer side is branch 0.
TEST(HuffmanTree, GivesFrequentWordsShortWays) {
  const std::uint64_t counts[] = {5, 2, 1, 1};
  const HuffmanTree tree(counts);
  EXPECT_EQ(tree.longest(), 3u);
  EXPECT_THAT(tree.nodes(0), ElementsAre(2u));
  EXPECT_THAT(tree.nodes(1), ElementsAre(2u, 1u));
  EXPECT_THAT(tree.nodes(2), ElementsAre(2u, 1u, 0u));
  EXPECT_THAT(tree.nodes(3), ElementsAre(2u, 1u, 0u));
  EXPECT_NE(tree.labels(2)[2], tree.labels(3)[2]);
  EXPECT_NE(tree.labels(0)[0], tree.labels(1)[0]);
}

// Whatever the counts: the sum of 2^-length is 1 (Kraft), the mean length within one bit of the entropy.
TEST(HuffmanTree, IsAWholeTreeNearTheEntropy) {
  std::vector<std::uint64_t> counts;
  double total = 0;
  for (std::uint64_t i = 1; i <= 500; ++i) counts.push_back(100000 / i);
  for (const std::uint64_t n : counts) total += static_cast<double>(n);
  const HuffmanTree tree(counts);
  double kraft = 0, length = 0, entropy = 0;
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    const double share = static_cast<double>(counts[i]) / total;
    kraft += std::ldexp(1.0, -static_cast<int>(tree.nodes(i).size()));
    length += share * static_cast<double>(tree.nodes(i).size());
    entropy -= share * std::log2(share);
    EXPECT_EQ(tree.nodes(i)[0], counts.size() - 2);
  }
  EXPECT_DOUBLE_EQ(kraft, 1);
  EXPECT_GE(length, entropy);
  EXPECT_LT(length, entropy + 1);
}

TEST(HuffmanTree, OfOneWordHasNoWay) {
  const std::uint64_t counts[] = {3};
  EXPECT_TRUE(HuffmanTree(counts).nodes(0).empty());
}

}  // namespace
}  // namespace isogloss::training
