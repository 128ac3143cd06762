// SPDX-License-Identifier: Apache-2.0
#include "store/fusion.hpp"

#include <gtest/gtest.h>

namespace isogloss::store {
namespace {

const std::vector<IndexHit> kLexical{{1, 9.0F}, {2, 5.0F}};
const std::vector<IndexHit> kDense{{2, 0.9F}, {3, 0.1F}};

TEST(Fusion, ReciprocalRankAddsBothLists) {
  StoreQuery query;
  query.k = 3;
  query.dense_weight = 1;
  const auto hits = fuse(kLexical, kDense, query);
  ASSERT_EQ(hits.size(), 3u);
  EXPECT_EQ(hits[0].number, 2);
  EXPECT_NEAR(hits[0].score, 1.0 / 61 + 1.0 / 62, 1e-12);
  EXPECT_EQ(hits[1].number, 1);
  EXPECT_EQ(hits[0].lexical_rank, 2u);
  EXPECT_EQ(hits[0].dense_rank, 1u);
}

TEST(Fusion, WeightedScalesEachListToItsRange) {
  StoreQuery query;
  query.fusion = Fusion::weighted;
  query.dense_weight = 0.25;
  query.k = 2;
  const auto hits = fuse(kLexical, kDense, query);
  ASSERT_EQ(hits.size(), 2u);
  EXPECT_EQ(hits[0].number, 1);
  EXPECT_NEAR(hits[0].score, 0.75, 1e-12);
  EXPECT_NEAR(hits[1].score, 0.25, 1e-12);
}

TEST(Fusion, TiesGoToTheSmallerNumber) {
  StoreQuery query;
  query.k = 2;
  query.dense_weight = 1;
  const std::vector<IndexHit> a{{7, 1.0F}}, b{{4, 1.0F}};
  EXPECT_EQ(fuse(a, b, query)[0].number, 4);
}

}  // namespace
}  // namespace isogloss::store
