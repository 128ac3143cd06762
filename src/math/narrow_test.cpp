// SPDX-License-Identifier: Apache-2.0
#include "math/narrow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace isogloss::math {
namespace {

using testing::ElementsAre;

std::vector<std::uint16_t> halves(const std::vector<float>& values, bool expected = true) {
  std::vector<std::uint16_t> out(values.size());
  EXPECT_EQ(narrow_f16(values, std::as_writable_bytes(std::span(out))), expected);
  return out;
}

// 1, -2, the largest half, the smallest, half of the smallest (to even: 0), three halves of it (to even: 2).
TEST(Narrow, RoundsHalvesToTheNearestByHand) {
  EXPECT_THAT(halves({1, -2, 65504, 0x1p-24F, 0x1p-25F, 3 * 0x1p-25F, -0.0F}),
              ElementsAre(0x3C00, 0xC000, 0x7BFF, 1, 0, 2, 0x8000));
  EXPECT_THAT(halves({1 + 0x1p-11F, 1 + 3 * 0x1p-11F, 65519}), ElementsAre(0x3C00, 0x3C02, 0x7BFF));
  EXPECT_THAT(halves({65520}, false), ElementsAre(0x7C00));
  EXPECT_THAT(halves({HUGE_VALF, std::nanf("")}), ElementsAre(0x7C00, 0x7E00));
}

TEST(Narrow, GivesEveryHalfBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    float wide = 0;
    widen_f16(std::as_bytes(std::span(&half, 1)), {&wide, 1});
    std::uint16_t back = 0;
    narrow_f16({&wide, 1}, std::as_writable_bytes(std::span(&back, 1)));
    if (wide == wide) {
      ASSERT_EQ(back, half);
    }
    widen_bf16(std::as_bytes(std::span(&half, 1)), {&wide, 1});
    narrow_bf16({&wide, 1}, std::as_writable_bytes(std::span(&back, 1)));
    if (wide == wide) {
      ASSERT_EQ(back, half);
    }
  }
}

}  // namespace
}  // namespace isogloss::math
