// SPDX-License-Identifier: Apache-2.0
#include "math/ridge.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace isogloss::math {
namespace {

// y = a x exactly, and a ridge too weak to matter: x comes back. a = [1 0; 0 2; 1 1], x = [3; -1].
TEST(Ridge, FindsTheSolutionOfAnExactSystem) {
  CsrMatrix a;
  a.columns = 2;
  a.append_row(std::vector<std::uint32_t>{0}, std::vector<float>{1});
  a.append_row(std::vector<std::uint32_t>{1}, std::vector<float>{2});
  a.append_row(std::vector<std::uint32_t>{0, 1}, std::vector<float>{1, 1});
  Matrix aty(2, 1);  // y = (3, -2, 2)
  aty(0, 0) = 3 + 2;
  aty(1, 0) = -4 + 2;
  Matrix x(2, 1);
  Context context;
  ASSERT_TRUE(ridge_regression(a.view(), aty.view(), {1e-6, 100, 1e-7}, x.view(), context));
  EXPECT_NEAR(x(0, 0), 3, 1e-4);
  EXPECT_NEAR(x(1, 0), -1, 1e-4);
}

// One equation x = 4 with lambda 1 and start 2: |4 - x|^2 + |x - 2|^2 is least at 3.
TEST(Ridge, IsDrawnTowardsItsStart) {
  CsrMatrix a;
  a.columns = 2;
  a.append_row(std::vector<std::uint32_t>{0}, std::vector<float>{1});
  Matrix aty(2, 1);
  aty(0, 0) = 4;
  Matrix x(2, 1);
  x(0, 0) = 2;
  x(1, 0) = 7;  // no equation holds it
  Context context;
  ASSERT_TRUE(ridge_regression(a.view(), aty.view(), {1, 100, 1e-7}, x.view(), context));
  EXPECT_NEAR(x(0, 0), 3, 1e-5);
  EXPECT_NEAR(x(1, 0), 7, 1e-5);
}

struct RandomSystem {
  CsrMatrix a;
  Matrix aty, start;

  RandomSystem(std::size_t m, std::size_t n, std::size_t k) : aty(n, k), start(n, k) {
    Random random(5);
    a.columns = n;
    for (std::size_t i = 0; i < m; ++i) {
      std::vector<std::uint32_t> columns(5);
      std::vector<float> values(5);
      for (auto& c : columns) c = static_cast<std::uint32_t>(random.bounded(n));
      for (auto& v : values) v = static_cast<float>(random.uniform());
      a.append_row(columns, values);
      for (std::size_t j = 0; j < k; ++j) {
        const float y = static_cast<float>(random.uniform()) - 0.5F;
        for (std::size_t e = 0; e < 5; ++e) aty(columns[e], j) += values[e] * y;
      }
    }
    for (std::size_t i = 0; i < n * k; ++i) start.data()[i] = static_cast<float>(random.uniform());
  }
};

// The gradient a^T (a x - y) + lambda (x - x0) is zero at the least value, in every one of 100 columns.
TEST(Ridge, GradientVanishesAtTheSolution) {
  const RandomSystem system(400, 60, 100);
  Matrix x = system.start;
  Context context;
  ASSERT_TRUE(ridge_regression(system.a.view(), system.aty.view(), {0.5, 200, 1e-6}, x.view(), context));
  for (std::size_t j = 0; j < 100; j += 33) {
    std::vector<double> gradient(60);
    for (std::size_t i = 0; i < 60; ++i) {
      gradient[i] = 0.5 * static_cast<double>(x(i, j) - system.start(i, j)) - static_cast<double>(system.aty(i, j));
    }
    for (std::size_t i = 0; i < 400; ++i) {
      const auto columns = system.a.view().row_columns(i);
      const auto values = system.a.view().row_values(i);
      double sum = 0;
      for (std::size_t e = 0; e < 5; ++e) sum += static_cast<double>(values[e] * x(columns[e], j));
      for (std::size_t e = 0; e < 5; ++e) gradient[columns[e]] += static_cast<double>(values[e]) * sum;
    }
    for (const double g : gradient) EXPECT_NEAR(g, 0, 1e-3);
  }
}

TEST(Ridge, GivesTheSameBitsAtAnyNumberOfThreads) {
  const RandomSystem system(300, 40, 200);
  Matrix one = system.start;
  Matrix four = system.start;
  Context alone;
  ThreadPool pool(4);
  Context together;
  together.pool = &pool;
  ASSERT_TRUE(ridge_regression(system.a.view(), system.aty.view(), {}, one.view(), alone));
  ASSERT_TRUE(ridge_regression(system.a.view(), system.aty.view(), {}, four.view(), together));
  EXPECT_TRUE(std::equal(one.data(), one.data() + 40 * 200, four.data()));
}

TEST(Ridge, RefusesWhatDoesNotFit) {
  const RandomSystem system(3, 4, 2);
  Matrix x(4, 2);
  Matrix wrong(4, 3);
  Context context;
  EXPECT_EQ(ridge_regression(system.a.view(), system.aty.view(), {0, 10, 1e-3}, x.view(), context).error().code,
            Code::invalid_argument);
  EXPECT_EQ(ridge_regression(system.a.view(), system.aty.view(), {}, wrong.view(), context).error().code,
            Code::invalid_argument);
}

}  // namespace
}  // namespace isogloss::math
