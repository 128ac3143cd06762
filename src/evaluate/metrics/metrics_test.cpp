// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace isogloss {
namespace {

RankedQuery sample() {
  return {"q", {{"a", 3.0}, {"b", 2.0}, {"c", 1.0}}, {{"b", 2}, {"c", 1}, {"z", 1}, {"a", 0}}};
}

TEST(RankingMetrics, MatchHandComputedValues) {
  const double dcg = 2 / std::log2(3.0) + 1 / std::log2(4.0);
  const double ideal = 2 + 1 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_NEAR(ranking_value("ndcg@10", sample()).value(), dcg / ideal, 1e-12);
  EXPECT_NEAR(ranking_value("map", sample()).value(), (1 / 2.0 + 2 / 3.0) / 3, 1e-12);
  EXPECT_NEAR(ranking_value("recall@2", sample()).value(), 1 / 3.0, 1e-12);
  EXPECT_NEAR(ranking_value("precision@10", sample()).value(), 0.2, 1e-12);
  EXPECT_NEAR(ranking_value("mrr", sample()).value(), 0.5, 1e-12);
  EXPECT_EQ(ranking_value("mrr@1", sample()).value(), 0.0);
}

TEST(RankingMetrics, TiesGoToTheLargerDocumentId) {
  const RankedQuery tied{"q", {{"a", 1.0}, {"b", 1.0}}, {{"b", 1}}};
  EXPECT_EQ(ranking_value("mrr", tied).value(), 1.0);
}

TEST(RankingMetrics, UnknownNamesAreErrors) {
  EXPECT_NE(ranking_value("ndgc@10", sample()).error().message.find("'ndcg'"), std::string::npos);
  EXPECT_FALSE(ranking_value("ndcg@0", sample()));
  EXPECT_FALSE(ranking_value("ndcg@x", sample()));
}

TEST(Gates, AreMetricEqualsNumber) {
  EXPECT_EQ(parse_gate("ndcg@10=0.45").value().least, 0.45);
  EXPECT_FALSE(parse_gate("ndcg@10"));
  EXPECT_FALSE(parse_gate("ndcg@10=high"));
}

}  // namespace
}  // namespace isogloss
