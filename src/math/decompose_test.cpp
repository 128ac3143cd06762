// SPDX-License-Identifier: Apache-2.0
#include "math/decompose.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"

namespace isogloss::math {
namespace {

MatrixF64 random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  MatrixF64 m(rows, columns);
  for (std::size_t i = 0; i < rows * columns; ++i) m.data()[i] = random.normal();
  return m;
}

// max |rows rows^T - I|
double distance_from_orthonormal_rows(const MatrixF64& rows) {
  double worst = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      double sum = i == j ? -1 : 0;
      for (std::size_t p = 0; p < rows.columns(); ++p) sum += rows(i, p) * rows(j, p);
      worst = std::max(worst, std::fabs(sum));
    }
  }
  return worst;
}

TEST(SymmetricEigen, SolvesATwoByTwoMatrixByHand) {
  MatrixF64 a(2, 2);
  a(0, 0) = 2, a(1, 0) = 1, a(0, 1) = 1, a(1, 1) = 2;
  const SymmetricEigen e = symmetric_eigen(a.view()).value();
  EXPECT_NEAR(e.values[0], 3, 1e-14);
  EXPECT_NEAR(e.values[1], 1, 1e-14);
  EXPECT_NEAR(std::fabs(e.vectors(0, 0)), std::sqrt(0.5), 1e-14);
  EXPECT_NEAR(e.vectors(1, 0), -e.vectors(1, 1), 1e-14);
}

TEST(SymmetricEigen, RebuildsTheMatrix) {
  for (const std::size_t n : {0, 1, 2, 3, 17, 90}) {
    const MatrixF64 half = random_matrix(n, n, n);
    MatrixF64 a(n, n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) a(i, j) = half(i, j) + half(j, i);
    }
    const SymmetricEigen e = symmetric_eigen(a.view()).value();
    EXPECT_LT(distance_from_orthonormal_rows(e.vectors), 1e-12);
    EXPECT_TRUE(std::ranges::is_sorted(e.values, std::greater{}));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t p = 0; p < n; ++p) sum += e.values[p] * e.vectors(p, i) * e.vectors(p, j);
        ASSERT_NEAR(sum, a(i, j), 1e-11);
      }
    }
  }
}

TEST(SymmetricEigen, TakesRepeatedEigenvaluesAndZeros) {
  MatrixF64 identity(5, 5);
  for (std::size_t i = 0; i < 5; ++i) identity(i, i) = 4;
  const SymmetricEigen e = symmetric_eigen(identity.view()).value();
  EXPECT_EQ(e.values, std::vector<double>(5, 4.0));
  const SymmetricEigen zero = symmetric_eigen(MatrixF64(5, 5).view()).value();
  EXPECT_EQ(zero.values, std::vector<double>(5, 0.0));
  EXPECT_LT(distance_from_orthonormal_rows(zero.vectors), 1e-14);
}

TEST(SymmetricEigen, RefusesANan) {
  MatrixF64 a(2, 2);
  a(1, 0) = NAN;
  EXPECT_EQ(symmetric_eigen(a.view()).error().code, Code::invalid_argument);
}

TEST(Qr, FactorsTallAndWideMatrices) {
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{8, 3}, {3, 8}, {30, 30}, {1, 1}}) {
    const MatrixF64 a = random_matrix(m, n, m + n);
    const Qr f = qr(a.view());
    MatrixF64 q_rows(f.q.columns(), m);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < f.q.columns(); ++j) q_rows(j, i) = f.q(i, j);
    }
    EXPECT_LT(distance_from_orthonormal_rows(q_rows), 1e-13);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t p = 0; p < f.q.columns(); ++p) sum += f.q(i, p) * f.r(p, j);
        ASSERT_NEAR(sum, a(i, j), 1e-12);
      }
    }
    for (std::size_t i = 0; i < f.r.rows(); ++i) {
      EXPECT_GE(f.r(i, i), 0);
      for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(f.r(i, j), 0);
    }
  }
}

TEST(Svd, RebuildsTheMatrixAndSortsTheValues) {
  for (const auto& [m, n] : {std::pair<std::size_t, std::size_t>{20, 7}, {7, 20}, {40, 40}, {1, 3}}) {
    const MatrixF64 a = random_matrix(m, n, 3 * m + n);
    const Svd s = svd(a.view()).value();
    EXPECT_LT(distance_from_orthonormal_rows(s.left), 1e-12);
    EXPECT_LT(distance_from_orthonormal_rows(s.right), 1e-12);
    EXPECT_TRUE(std::ranges::is_sorted(s.values, std::greater{}));
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t p = 0; p < s.values.size(); ++p) sum += s.values[p] * s.left(p, i) * s.right(p, j);
        ASSERT_NEAR(sum, a(i, j), 1e-12);
      }
    }
  }
}

TEST(Svd, CompletesTheLeftVectorsOfAMatrixWithoutFullRank) {
  MatrixF64 a(4, 3);
  a(0, 0) = 3;  // rank 1
  const Svd s = svd(a.view()).value();
  EXPECT_NEAR(s.values[0], 3, 1e-15);
  EXPECT_EQ(s.values[2], 0);
  EXPECT_LT(distance_from_orthonormal_rows(s.left), 1e-12);
}

}  // namespace
}  // namespace isogloss::math
