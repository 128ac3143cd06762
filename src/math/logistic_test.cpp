// SPDX-License-Identifier: Apache-2.0
#include "math/logistic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "math/lbfgs.hpp"

namespace isogloss::math {
namespace {

TEST(Lbfgs, FindsTheMinimumOfRosenbrocksValley) {
  const Objective valley = [](std::span<const double> x, std::span<double> g) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  std::vector<double> x = {-1.2, 1.0};
  const LbfgsResult found = lbfgs(valley, x, {.rounds = 200, .tolerance = 1e-8}, Context{}).value();
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(x[0], 1, 1e-7);
  EXPECT_NEAR(x[1], 1, 1e-7);
}

// The data of the golden values below: 30 rows of 3 features, label = row modulo 3.
struct Golden {
  Matrix rows{30, 3};
  std::vector<std::uint32_t> labels;
  Golden() {
    for (std::size_t i = 0; i < 30; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        rows(i, j) = static_cast<float>(static_cast<double>((i * 7 + j * 3) % 11) / 5.0 - 1.0 + (i % 3 == j ? 0.5 : 0));
      }
      labels.push_back(static_cast<std::uint32_t>(i % 3));
    }
  }
  CsrMatrix sparse() const {
    CsrMatrix s;
    s.columns = 3;
    for (std::size_t i = 0; i < 30; ++i) s.append_row(std::array{0U, 1U, 2U}, rows.row(i));
    return s;
  }
};
constexpr LogisticOptions kTight{.c = 2.0, .rounds = 1000, .tolerance = 1e-7};

TEST(Logistic, AgreesWithScikitLearnOnThreeClasses) {
  // scikit-learn 1.9.1: LogisticRegression(C=2.0, tol=1e-10, max_iter=10000)
  const double weights[3][3] = {{0.771587493935912, -0.2210799709365168, -0.18976351040445796},
                                {-0.6028322536197326, 0.8103945403569534, -0.1861395662776458},
                                {-0.1687552403161793, -0.5893145694204367, 0.37590307668210327}};
  const double intercepts[3] = {-0.039028502894086485, -0.11088571481714055, 0.1499142177112274};
  const Golden data;
  const CsrMatrix sparse = data.sparse();
  for (const Logistic& model : {fit_logistic(data.rows.view(), data.labels, 3, kTight, Context{}).value(),
                                fit_logistic(sparse.view(), data.labels, 3, kTight, Context{}).value()}) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(model.weights(c, j), weights[c][j], 2e-5);
      EXPECT_NEAR(model.intercepts[c], intercepts[c], 2e-5);
    }
    const Matrix p = model.probabilities(data.rows.view(), Context{});
    EXPECT_NEAR(p(4, 0) + p(4, 1) + p(4, 2), 1, 1e-6);
    const Matrix q = model.probabilities(sparse.view(), Context{});
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(p(4, c), q(4, c), 1e-6);
  }
}

TEST(Logistic, TwoClassesHaveOneScoreAsInScikitLearn) {
  // scikit-learn 1.9.1: LogisticRegression(C=0.5, tol=1e-10, max_iter=10000), label = (row modulo 3) > 0
  Golden data;
  for (std::uint32_t& label : data.labels) label = label > 0 ? 1 : 0;
  LogisticOptions options = kTight;
  options.c = 0.5;
  const Logistic model = fit_logistic(data.rows.view(), data.labels, 2, options, Context{}).value();
  ASSERT_EQ(model.weights.rows(), 1U);
  EXPECT_NEAR(model.weights(0, 0), -0.6859131060811678, 2e-5);
  EXPECT_NEAR(model.weights(0, 1), 0.25600738148251717, 2e-5);
  EXPECT_NEAR(model.weights(0, 2), 0.22012847594562115, 2e-5);
  EXPECT_NEAR(model.intercepts[0], 0.7944667169970243, 2e-5);
  const Matrix p = model.probabilities(data.rows.view(), Context{});
  EXPECT_NEAR(p(0, 0) + p(0, 1), 1, 1e-6);
}

TEST(Logistic, ThreadsDoNotChangeABit) {
  Matrix rows(2000, 5);
  std::vector<std::uint32_t> labels;
  for (std::size_t i = 0; i < 2000; ++i) {
    for (std::size_t j = 0; j < 5; ++j) rows(i, j) = static_cast<float>((i * (j + 3)) % 17) / 8.0F - 1.0F;
    labels.push_back(static_cast<std::uint32_t>(i * i % 4));
  }
  const Logistic alone = fit_logistic(rows.view(), labels, 4, {}, Context{}).value();
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  const Logistic together = fit_logistic(rows.view(), labels, 4, {}, context).value();
  EXPECT_TRUE(std::equal(alone.weights.data(), alone.weights.data() + 20, together.weights.data()));
  EXPECT_EQ(alone.intercepts, together.intercepts);
}

TEST(Logistic, RefusesLabelsAndValuesOutsideTheRange) {
  Golden data;
  const auto code = [&](std::size_t classes) {
    return fit_logistic(data.rows.view(), data.labels, classes, {}, Context{}).error().code;
  };
  EXPECT_EQ(code(1), Code::invalid_argument);
  EXPECT_EQ(code(2), Code::invalid_argument);  // label 2
  data.rows(3, 1) = NAN;
  EXPECT_EQ(fit_logistic(data.rows.view(), data.labels, 3, {}, Context{}).error().item, 3);
  data.labels.pop_back();
  EXPECT_EQ(code(3), Code::invalid_argument);
}

}  // namespace
}  // namespace isogloss::math
