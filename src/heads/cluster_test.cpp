// SPDX-License-Identifier: Apache-2.0
#include "heads/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace isogloss::heads {
namespace {

using testing::ElementsAre;

Features on_a_circle(const std::vector<double>& degrees) {
  math::Matrix rows(degrees.size(), 2);
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    rows(i, 0) = static_cast<float>(3 * std::cos(degrees[i] * M_PI / 180));
    rows(i, 1) = static_cast<float>(3 * std::sin(degrees[i] * M_PI / 180));
  }
  return Features(std::move(rows));
}

// Two groups; the larger one has number 0 although it comes later.
TEST(ClusterRows, NumbersGroupsBySizeWithEveryMethod) {
  Context context;
  const Features rows = on_a_circle({90, 91, 95, 0, 1, 2, 2.5}).normalized();
  for (const std::string method : {"kmeans", "agglomerative", "hdbscan"}) {
    const auto found = cluster_rows(rows, {.method = method, .clusters = 2, .min_size = 2}, context).value();
    EXPECT_THAT(found, ElementsAre(1, 1, 1, 0, 0, 0, 0)) << method;
    EXPECT_THAT(central_rows(rows, found, 2), ElementsAre(4, 1)) << method;
  }
}

// Words in both groups: "cat" 2, "rain" 2, "wind" 1; a group has 2.5 words on average.
TEST(ClusterTerms, AreSharesWeighedByRarity) {
  const AnalyzerPtr analyzer = make_analyzer(analyzer_preset("simple").value()).value();
  const std::vector<std::string> texts{"cat cat", "rain wind", "rain", "snow"};
  const std::vector<std::int32_t> cluster{0, 1, 1, -1};
  const auto terms = cluster_terms(texts, cluster, 2, 5, *analyzer);
  ASSERT_EQ(terms[0].size(), 1U);
  EXPECT_EQ(terms[0][0].word, "cat");
  EXPECT_DOUBLE_EQ(terms[0][0].score, std::log(1 + 2.5 / 2));
  ASSERT_EQ(terms[1].size(), 2U);
  EXPECT_EQ(terms[1][0].word, "rain");
  EXPECT_DOUBLE_EQ(terms[1][0].score, 2.0 / 3 * std::log(1 + 2.5 / 2));
  EXPECT_DOUBLE_EQ(terms[1][1].score, 1.0 / 3 * std::log(1 + 2.5));
}

}  // namespace
}  // namespace isogloss::heads
