// SPDX-License-Identifier: Apache-2.0
#include "math/topk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.hpp"
#include "math/softmax.hpp"

namespace isogloss::math {
namespace {

TEST(TopK, GivesTheBestFirstAndTiesByAscendingId) {
  const float scores[] = {0.5F, 2.0F, 1.0F, 2.0F, 1.0F};
  EXPECT_EQ(top_k(scores, 3), (std::vector<Scored>{{2.0F, 1}, {2.0F, 3}, {1.0F, 2}}));
  EXPECT_EQ(top_k(scores, 9).size(), 5U);
  EXPECT_TRUE(top_k(scores, 0).empty());
  EXPECT_TRUE(top_k({}, 3).empty());
}

TEST(TopK, EqualsAFullSortWithManyTies) {
  Random random(1);
  for (const std::size_t n : {1, 10, 100, 5000}) {
    std::vector<float> scores(n);
    for (float& score : scores) score = static_cast<float>(random.bounded(20));
    std::vector<Scored> all;
    for (std::size_t i = 0; i < n; ++i) all.push_back({scores[i], static_cast<std::int64_t>(i)});
    std::ranges::sort(all, better);
    for (const std::size_t k : {1, 7, 64}) {
      EXPECT_EQ(top_k(scores, k), std::vector<Scored>(all.begin(), all.begin() + std::min(k, n)));
    }
  }
}

TEST(TopK, OrderOfArrivalAndMergingDoNotMatter) {
  Random random(2);
  std::vector<Scored> entries;
  for (std::int64_t i = 0; i < 1000; ++i) entries.push_back({static_cast<float>(random.bounded(50)), i});
  random.shuffle(std::span(entries));
  TopK all(10);
  TopK left(10);
  TopK right(10);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    all.push(entries[i].score, entries[i].id);
    (i % 3 == 0 ? left : right).push(entries[i].score, entries[i].id);
  }
  left.merge(right);
  EXPECT_EQ(all.take(), left.take());
}

TEST(TopK, NanIsTheWorstScoreAndStillCounts) {
  const float scores[] = {NAN, -1.0F, NAN, 3.0F};
  const std::vector<Scored> best = top_k(scores, 3);
  ASSERT_EQ(best.size(), 3U);
  EXPECT_EQ(best[0].id, 3);
  EXPECT_EQ(best[1].id, 1);
  EXPECT_EQ(best[2].id, 0);
}

TEST(Softmax, SumsToOneAndReturnsTheLogOfTheSum) {
  std::vector<float> x = {0.0F, std::log(3.0F)};
  EXPECT_NEAR(log_sum_exp(x), std::log(4.0), 1e-6);
  EXPECT_NEAR(softmax(x), std::log(4.0F), 1e-6F);
  EXPECT_NEAR(x[0], 0.25F, 1e-6F);
  EXPECT_NEAR(x[1], 0.75F, 1e-6F);
  std::vector<float> large = {1000.0F, 1000.0F};
  softmax(large);
  EXPECT_NEAR(large[0], 0.5F, 1e-6F);
}

}  // namespace
}  // namespace isogloss::math
