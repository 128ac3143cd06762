// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "simd/kernels.hpp"

namespace isogloss::simd {
namespace {

TEST(Dispatch, ScalarIsTheLowestLevelOfEveryMachine) {
  ASSERT_FALSE(available_levels().empty());
  EXPECT_EQ(available_levels().front(), Level::scalar);
  EXPECT_TRUE(std::ranges::is_sorted(available_levels()));
}

TEST(Dispatch, ActiveLevelIsAvailableAndGivesTheTable) {
  EXPECT_TRUE(std::ranges::count(available_levels(), active_level()) == 1);
  EXPECT_EQ(&kernels(), &kernels(active_level()));
}

TEST(Dispatch, ChoiceSaysWhetherTheRequestWasHonoured) {
  const Choice& made = choice();
  EXPECT_EQ(made.active, active_level());
  if (made.requested.empty()) {
    EXPECT_TRUE(made.honoured);
    EXPECT_EQ(made.active, available_levels().back());
  } else {
    EXPECT_EQ(made.honoured, level_name(made.active) == made.requested);
  }
}

TEST(Dispatch, LevelsHaveTheNamesOfTheEnvironmentVariable) {
  EXPECT_EQ(level_name(Level::scalar), "scalar");
  EXPECT_EQ(level_name(Level::avx512_bf16), "avx512_bf16");
}

}  // namespace
}  // namespace isogloss::simd
