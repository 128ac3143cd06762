// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

// Of six pairs four agree, one does not, and one is tied in y: (4 - 1) / sqrt(6 x 5).
TEST(Correlations, KendallCountsPairsAndTies) {
  const Correlations c = correlations(Numbers{1, 2, 3, 4}, Numbers{1, 3, 2, 3}).value();
  EXPECT_NEAR(c.kendall, 3 / std::sqrt(30.0), 1e-12);
}

TEST(Correlations, AConstantSideIsUndefined) {
  const Correlations c = correlations(Numbers{1, 2, 3}, Numbers{5, 5, 5}).value();
  EXPECT_TRUE(std::isnan(c.spearman) && std::isnan(c.pearson) && std::isnan(c.kendall));
  EXPECT_FALSE(correlations(Numbers{1, std::nan("")}, Numbers{1, 2}));
  EXPECT_FALSE(correlations(Numbers{1}, Numbers{1}));
}

// a: 1 of 1 predicted, of 2 there; b: 1 of 2 predicted, of 1 there.
TEST(Classification, MeansWeighLabelsOrItems) {
  const Classification c = classification(Texts{"a", "a", "b"}, Texts{"a", "b", "b"}).value();
  EXPECT_DOUBLE_EQ(c.accuracy, 2 / 3.0);
  EXPECT_DOUBLE_EQ(c.macro.precision, (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(c.weighted.precision, (2 * 1 + 1 * 0.5) / 3);
  EXPECT_DOUBLE_EQ(c.matthews, 0.5);
  EXPECT_EQ(c.confusion[0][1], 1U);
}

TEST(Classification, OneLabelLeavesMatthewsUndefined) {
  EXPECT_TRUE(std::isnan(classification(Texts{"a", "a"}, Texts{"a", "a"}).value().matthews));
  EXPECT_FALSE(classification(Texts{}, Texts{}));
}

// The order is +, then a tie of + and -: AP = (1 + 2/3) / 2; two pairs, one right and one tied: 3/4.
TEST(BinaryRanking, TiesAreOneStep) {
  const BinaryRanking r = binary_ranking({true, true, false}, Numbers{3, 1, 1}).value();
  EXPECT_DOUBLE_EQ(r.average_precision, (1 + 2 / 3.0) / 2);
  EXPECT_DOUBLE_EQ(r.roc_auc, 0.75);
  EXPECT_TRUE(std::isnan(binary_ranking({true}, Numbers{1}).value().roc_auc));
}

// Two classes of two in clusters of 3 and 1: H(class) = log 2, and so on.
TEST(Clustering, VMeasureIsTheMeanOfHomogeneityAndCompleteness) {
  const Clustering c = clustering(Texts{"a", "a", "b", "b"}, Texts{"1", "1", "1", "2"}).value();
  const double mutual = 0.5 * std::log(4 / 3.0) + 0.25 * std::log(2 / 3.0) + 0.25 * std::log(2.0);
  const double clusters = 0.75 * std::log(4 / 3.0) + 0.25 * std::log(4.0);
  EXPECT_NEAR(c.homogeneity, mutual / std::log(2.0), 1e-12);
  EXPECT_NEAR(c.completeness, mutual / clusters, 1e-12);
  EXPECT_DOUBLE_EQ(c.purity, 0.75);
  EXPECT_DOUBLE_EQ(clustering(Texts{"a", "b"}, Texts{"2", "1"}).value().ari, 1);
}

// Within 1 apart, 10 to the others: 1 - 1/10 about.
TEST(Silhouette, ComparesTheOwnClusterWithTheNearestOther) {
  const double s = silhouette({{0}, {1}, {10}, {11}}, Texts{"a", "a", "b", "b"}).value();
  EXPECT_NEAR(s, (2 * (1 - 1 / 10.5) + 2 * (1 - 1 / 9.5)) / 4, 1e-12);
  EXPECT_FALSE(silhouette({{0}, {1}}, Texts{"a", "a"}));
}

// One of two entities found exactly, one cut short, one made up.
TEST(Entities, CountOnlyWithTypeAndBothEnds) {
  const std::vector<Texts> truth{{"B-PER", "I-PER", "O", "B-LOC"}, {"O"}};
  const std::vector<Texts> predicted{{"B-PER", "O", "O", "B-LOC"}, {"I-ORG"}};
  const Entities e = entities(truth, predicted).value();
  EXPECT_DOUBLE_EQ(e.micro.precision, 1 / 3.0);
  EXPECT_DOUBLE_EQ(e.micro.recall, 1 / 2.0);
  EXPECT_EQ(e.classes.size(), 3U);
  EXPECT_FALSE(entities(truth, std::vector<Texts>{{"O"}, {"O"}}));
  EXPECT_FALSE(entities(std::vector<Texts>{{"PER"}}, std::vector<Texts>{{"O"}}));
}

// Strict: an I- without its B-, and a B- without its E-, are no entities.
TEST(Entities, StrictSchemesTakeNothingElse) {
  const std::vector<Texts> truth{{"B-PER", "I-PER", "O", "I-LOC"}}, none{{"O", "O", "O", "O"}};
  EXPECT_EQ(entities(truth, truth)->micro.support, 2U);
  EXPECT_EQ(entities(truth, truth, {.scheme = "iob2"})->micro.support, 1U);
  EXPECT_EQ(entities(truth, truth, {.scheme = "iobes"})->micro.support, 0U);
  EXPECT_EQ(entities(std::vector<Texts>{{"B-A", "L-A", "U-B", "L-B"}}, none, {.scheme = "bilou"})->micro.support, 2U);
  EXPECT_TRUE(std::isnan(entities(none, none)->micro.f1));
  EXPECT_FALSE(entities(truth, truth, {.scheme = "iob1"}));
  EXPECT_FALSE(entities(std::vector<Texts>{{"S-A"}}, std::vector<Texts>{{"O"}}, {.scheme = "iob2"}));
}

TEST(Perplexity, OfAFairCoinIsTwo) {
  const Perplexity p = perplexity(Numbers{std::log(0.5), std::log(0.5)}, 4).value();
  EXPECT_DOUBLE_EQ(p.perplexity, 2);
  EXPECT_DOUBLE_EQ(p.bits_per_character, 0.5);
  EXPECT_FALSE(perplexity(Numbers{0.5}, 0));
}

}  // namespace
}  // namespace isogloss
