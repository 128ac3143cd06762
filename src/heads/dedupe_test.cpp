// SPDX-License-Identifier: Apache-2.0
#include "heads/dedupe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"

namespace isogloss::heads {
namespace {

using testing::ElementsAre;

TEST(FirstEquals, BlanksDoNotCountCaseDoes) {
  const std::vector<std::string> texts{"a cat", " a  cat\n", "A cat", "a cat"};
  EXPECT_THAT(first_equals(texts), ElementsAre(0, 0, 2, 0));
}

// Rows at 0, 10, 20 and 90 degrees: the third is near the second, which is not kept, so it is kept itself.
TEST(FirstNear, IsADuplicateOfWhatIsKept) {
  Context context;
  math::Matrix rows(5, 2);
  const double degrees[] = {0, 10, 20, 90};
  for (std::size_t i = 0; i < 4; ++i) {
    rows(i, 0) = static_cast<float>(std::cos(degrees[i] * M_PI / 180));
    rows(i, 1) = static_cast<float>(std::sin(degrees[i] * M_PI / 180));
  }
  const auto found = first_near(Features(rows), std::cos(12 * M_PI / 180), context).value();
  std::vector<std::size_t> of;
  for (const Duplicate& d : found) of.push_back(d.of);
  EXPECT_THAT(of, ElementsAre(0, 0, 2, 3, 4)) << "a row of zeros is near nothing";
  EXPECT_NEAR(found[1].cosine, std::cos(10 * M_PI / 180), 1e-6);
}

TEST(FirstNear, FindsEveryPlantedPairAmongMany) {
  Context context;
  Random random(1);
  math::Matrix rows(3000, 64);
  for (std::size_t i = 0; i < 3000; ++i) {
    for (std::size_t j = 0; j < 64; ++j) {
      // Rows of the second half repeat those of the first with a little noise.
      const float noise = static_cast<float>(random.normal());
      rows(i, j) = i < 1500 ? noise : rows(i - 1500, j) + 0.2f * noise;
    }
  }
  const auto found = first_near(Features(rows), 0.9, context).value();
  for (std::size_t i = 0; i < 3000; ++i) EXPECT_EQ(found[i].of, i % 1500);
}

}  // namespace
}  // namespace isogloss::heads
