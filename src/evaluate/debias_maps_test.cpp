// SPDX-License-Identifier: Apache-2.0
#include "evaluate/debias_maps.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "isogloss/bias.hpp"
#include "math/vector.hpp"

namespace isogloss::evaluation {
namespace {

math::Matrix rows_of(const std::vector<std::vector<float>>& values) {
  math::Matrix out(values.size(), values[0].size());
  for (std::size_t i = 0; i < values.size(); ++i) std::ranges::copy(values[i], out.row(i).begin());
  return out;
}

// she (.8, .6) and he (-.8, .6): their halves are (+-.8, 0), so the first axis is the direction.
TEST(Debias, DirectionIsWhatPairsDifferIn) {
  math::Matrix rows = rows_of({{0.8F, 0.6F}, {-0.8F, 0.6F}, {0.6F, 0.8F}});
  const Direction found = bias_direction(std::as_const(rows).view(), {{0, 1}}).value();
  EXPECT_NEAR(std::abs(found.axis[0]), 1, 1e-7);
  EXPECT_NEAR(found.explained, 1, 1e-12);
  neutralize(rows.row(2), found.axis);
  EXPECT_NEAR(rows(2, 0), 0, 1e-7);
  EXPECT_NEAR(rows(2, 1), 1, 1e-7);
}

// Middle without the axis (0, .5): both become (+-sqrt(.75), .5), as far from (0, 1) as each other.
TEST(Debias, EqualizedPairsDifferInTheDirectionAlone) {
  math::Matrix rows = rows_of({{1, 0}, {0, 1}});
  const std::vector<double> axis{1, 0};
  equalize(rows.row(0), rows.row(1), axis);
  EXPECT_NEAR(rows(0, 0), std::sqrt(0.75), 1e-6);
  EXPECT_NEAR(rows(1, 0), -std::sqrt(0.75), 1e-6);
  EXPECT_NEAR(rows(0, 1), 0.5, 1e-6);
  EXPECT_NEAR(rows(1, 1), 0.5, 1e-6);
}

double loss(const math::Matrix& rows, std::span<const std::size_t> neutral, std::span<const double> axis,
            double strength, const math::MatrixF64& map) {
  const std::size_t d = rows.columns();
  math::MatrixF64 x(d, d);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t k = 0; k < d; ++k) x(i, j) += map(k, i) * map(k, j);
    }
  }
  const auto product = [&](std::size_t row, auto&& other, bool identity) {
    double sum = 0;
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) {
        sum += static_cast<double>(rows(row, i)) * (x(i, j) - (identity && i == j ? 1 : 0)) * other(j);
      }
    }
    return sum;
  };
  double out = 0;
  for (std::size_t a = 0; a < rows.rows(); ++a) {
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      const double moved = product(a, [&](std::size_t j) { return static_cast<double>(rows(b, j)); }, true);
      out += moved * moved;
    }
  }
  for (const std::size_t a : neutral) {
    const double left = product(a, [&](std::size_t j) { return axis[j]; }, false);
    out += strength * left * left;
  }
  return out;
}

TEST(Debias, NoMapNearTheSoftOneIsBetter) {
  Random random(5);
  math::Matrix rows(20, 4);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (float& x : rows.row(i)) x = static_cast<float>(random.normal());
    math::scale_to_length(1, rows.row(i));
  }
  std::vector<std::size_t> neutral(12);
  for (std::size_t i = 0; i < neutral.size(); ++i) neutral[i] = i;
  const Direction direction = bias_direction(std::as_const(rows).view(), {{18, 19}}).value();
  Context context;
  for (const double strength : {0.2, 3.0, 30.0}) {
    const auto map = soft_map(std::as_const(rows).view(), neutral, direction.axis, strength, context).value();
    const double least = loss(rows, neutral, direction.axis, strength, map);
    for (std::size_t i = 0; i < 16; ++i) {
      for (const double step : {1e-3, -1e-3}) {
        math::MatrixF64 other = map;
        other(i / 4, i % 4) += step;
        EXPECT_GT(loss(rows, neutral, direction.axis, strength, other), least) << strength << " " << i;
      }
    }
  }
  EXPECT_FALSE(soft_map(std::as_const(rows).view(), neutral, direction.axis, 0, context));
}

// Six rows of which one is neutral: the stationary X has the value -0.68 (NumPy, in f64), so the least is elsewhere.
TEST(Debias, ASoftMapThatIsNoneIsRefused) {
  const math::Matrix rows =
      rows_of({{-1.64F, 0.06F}, {-0.96F, 0.76F}, {-2.03F, -0.91F}, {0.71F, 1.16F}, {-2.16F, -0.5F}, {0.33F, -0.61F}});
  const std::vector<std::size_t> neutral{0};
  const std::vector<double> axis{1, 0};
  Context context;
  EXPECT_TRUE(soft_map(rows.view(), neutral, axis, 0.1, context));
  const auto too_strong = soft_map(rows.view(), neutral, axis, 1e4, context);
  ASSERT_FALSE(too_strong);
  EXPECT_NE(too_strong.error().message.find("Take a lower one"), std::string::npos);
}

// scipy.stats.ttest_rel([1, 2, 3, 4], [2, 1, 5, 9]): t = -1.4000000, p = 0.2560073 of three degrees of freedom.
TEST(PairedTTest, IsScipys) {
  const std::vector<double> a{1, 2, 3, 4}, b{2, 1, 5, 9};
  EXPECT_NEAR(paired_t_test(a, b), 0.2560073287481137, 1e-12);
  EXPECT_TRUE(std::isnan(paired_t_test(a, a)));
  EXPECT_TRUE(std::isnan(paired_t_test({a.data(), 1}, {b.data(), 1})));
}

}  // namespace
}  // namespace isogloss::evaluation
