// SPDX-License-Identifier: Apache-2.0
#include "store/filter.hpp"

#include <gtest/gtest.h>

namespace isogloss::store {
namespace {

TEST(Filter, BindsNotBeforeAndBeforeOr) {
  const auto filter = parse_filter("a = 1 or not b = 2 and c = 3");
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ(filter->op, FilterOp::any_of);
  ASSERT_EQ(filter->children.size(), 2u);
  EXPECT_EQ(filter->children[1].op, FilterOp::all_of);
  EXPECT_EQ(filter->children[1].children[0].op, FilterOp::negation);
}

TEST(Filter, ReadsNumbersTextDatesAndTruthValues) {
  const auto filter = parse_filter("y >= -2.5 and d < 2024-05-01 and t = 'it''s' and b = true and s in (1, \"x\")");
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ(std::get<double>(filter->children[0].values[0]), -2.5);
  EXPECT_EQ(std::get<std::string>(filter->children[1].values[0]), "2024-05-01");
  EXPECT_EQ(std::get<std::string>(filter->children[2].values[0]), "it's");
  EXPECT_TRUE(std::get<bool>(filter->children[3].values[0]));
  EXPECT_EQ(filter->children[4].values.size(), 2u);
}

TEST(Filter, RefusesDaysThatThereAreNot) {
  for (const char* bad : {"2024-13-45", "2023-02-29", "2024-00", "2024-13", "2024-04-31"}) {
    const auto filter = parse_filter(std::string("d >= ") + bad);
    ASSERT_FALSE(filter) << bad;
    EXPECT_NE(filter.error().message.find("there is no day"), std::string::npos);
    EXPECT_TRUE(parse_filter("d >= '" + std::string(bad) + "'")) << bad;
  }
  for (const char* good : {"2024-02-29", "2024-12", "2024-05-31T10:00", "0978-12-2"}) {
    EXPECT_TRUE(parse_filter(std::string("d >= ") + good)) << good;
  }
}

TEST(Filter, ErrorsShowThePlace) {
  for (const char* bad : {"", "a", "a =", "a = b", "a = 'x", "(a = 1", "a = 1 b = 2", "a in 1", "a like 3", "= 1",
                          "a is 1", "a not 1"}) {
    const auto filter = parse_filter(bad);
    ASSERT_FALSE(filter) << bad;
    EXPECT_EQ(filter.error().code, Code::invalid_argument);
    EXPECT_NE(filter.error().message.find("character"), std::string::npos);
  }
  EXPECT_FALSE(parse_filter(std::string(100000, '(')));
  std::string nots;
  for (int i = 0; i < 10000; ++i) nots += "not ";
  EXPECT_FALSE(parse_filter(nots + "a = 1"));
}

TEST(Like, MatchesRunsAndSingleCodePoints) {
  EXPECT_TRUE(like_match("dr%ft", "draft"));
  EXPECT_TRUE(like_match("%a%b%", "xxaxxbxx"));
  EXPECT_TRUE(like_match("_", "\xC3\xA9"));
  EXPECT_TRUE(like_match("100\\%", "100%"));
  EXPECT_FALSE(like_match("100\\%", "1000"));
  EXPECT_FALSE(like_match("a_", "a"));
  EXPECT_TRUE(like_match("%", ""));
}

}  // namespace
}  // namespace isogloss::store
