// SPDX-License-Identifier: Apache-2.0
#include "math/truncated_svd.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "math/decompose.hpp"

namespace isogloss::math {
namespace {

CsrMatrix random_sparse(std::size_t rows, std::size_t columns, double density, std::uint64_t seed) {
  Random random(seed);
  CsrMatrix s;
  s.columns = columns;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<std::uint32_t> places;
    std::vector<float> values;
    for (std::uint32_t j = 0; j < columns; ++j) {
      if (random.uniform() >= density) continue;
      places.push_back(j);
      values.push_back(static_cast<float>(random.uniform()) + (j < 10 ? static_cast<float>(i % (j + 2)) : 0.0F));
    }
    s.append_row(places, values);
  }
  return s;
}

Svd exact(const CsrView& a) {
  MatrixF64 dense(a.rows, a.columns);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t e = a.starts[i]; e < a.starts[i + 1]; ++e) dense(i, a.column_of[e]) = a.values[e];
  }
  return svd(dense.view()).value();
}

double distance_from_orthonormal(const Matrix& m) {
  double worst = 0;
  for (std::size_t p = 0; p < m.columns(); ++p) {
    for (std::size_t q = 0; q < m.columns(); ++q) {
      double sum = p == q ? -1 : 0;
      for (std::size_t i = 0; i < m.rows(); ++i) sum += static_cast<double>(m(i, p)) * m(i, q);
      worst = std::max(worst, std::fabs(sum));
    }
  }
  return worst;
}

TEST(TruncatedSvd, FindsTheLargestEntriesOfADiagonalMatrix) {
  CsrMatrix a;
  a.columns = 4;
  const float diagonal[] = {2, 5, 1, 3};
  for (std::uint32_t i = 0; i < 4; ++i) a.append_row(std::array{i}, std::array{diagonal[i]});
  const TruncatedSvd s = truncated_svd(a.view(), {.components = 2}, Context{}).value();
  EXPECT_NEAR(s.values[0], 5, 1e-6);
  EXPECT_NEAR(s.values[1], 3, 1e-6);
  EXPECT_NEAR(s.right(1, 0), 1, 1e-6);
  EXPECT_NEAR(s.right(3, 1), 1, 1e-6);
  EXPECT_NEAR(s.left(1, 0), 1, 1e-6);
}

TEST(TruncatedSvd, AgreesWithTheFullDecompositionOfTallAndWideMatrices) {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{700, 400}, {400, 700}, {60, 90}}) {
    const CsrMatrix a = random_sparse(rows, columns, 0.05, rows);
    const Svd full = exact(a.view());
    const TruncatedSvd s = truncated_svd(a.view(), {.components = 20}, Context{}).value();
    ASSERT_EQ(s.values.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(s.values[i], full.values[i], 1e-4 * full.values[i]) << i;
    EXPECT_LT(distance_from_orthonormal(s.left), 1e-3);
    EXPECT_LT(distance_from_orthonormal(s.right), 1e-3);
  }
}

TEST(TruncatedSvd, TakesAMatrixOfLowRank) {
  CsrMatrix a;
  a.columns = 900;
  Random random(3);
  std::vector<std::uint32_t> places(900);
  std::vector<float> values(900);
  for (std::uint32_t j = 0; j < 900; ++j) places[j] = j, values[j] = static_cast<float>(random.normal());
  for (int i = 0; i < 600; ++i) {
    a.append_row(places, values);
    for (float& value : values) value = -value;
  }
  const TruncatedSvd s = truncated_svd(a.view(), {.components = 5}, Context{}).value();
  double length = 0;
  for (const float value : a.values) length += static_cast<double>(value) * value;
  EXPECT_NEAR(s.values[0], std::sqrt(length), 1e-3 * std::sqrt(length));
  EXPECT_LT(s.values[1], 1e-3 * s.values[0]);
}

TEST(TruncatedSvd, ThreadsDoNotChangeABit) {
  const CsrMatrix a = random_sparse(800, 900, 0.03, 5);
  const TruncatedSvd alone = truncated_svd(a.view(), {.components = 10}, Context{}).value();
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  const TruncatedSvd together = truncated_svd(a.view(), {.components = 10}, context).value();
  EXPECT_EQ(alone.values, together.values);
  EXPECT_TRUE(std::equal(alone.right.data(), alone.right.data() + 9000, together.right.data()));
}

TEST(TruncatedSvd, RefusesWhatItCannotUse) {
  CsrMatrix a = random_sparse(20, 20, 0.3, 6);
  EXPECT_EQ(truncated_svd(a.view(), {.components = 0}, Context{}).error().code, Code::invalid_argument);
  a.values[0] = NAN;
  EXPECT_EQ(truncated_svd(a.view(), {.components = 2}, Context{}).error().code, Code::invalid_argument);
  const CsrMatrix empty;
  EXPECT_TRUE(truncated_svd(empty.view(), {.components = 2}, Context{}).value().values.empty());
}

}  // namespace
}  // namespace isogloss::math
