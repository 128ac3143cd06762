// SPDX-License-Identifier: Apache-2.0
#include "math/gemm.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace isogloss::math {
namespace {

Matrix random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  Matrix m(rows, columns);
  for (std::size_t i = 0; i < rows * columns; ++i) m.data()[i] = static_cast<float>(random.normal());
  return m;
}

double expected_at(MatrixView a, MatrixView b, std::size_t i, std::size_t j) {
  double sum = 0;
  for (std::size_t k = 0; k < a.columns; ++k) sum += static_cast<double>(a(i, k)) * b(k, j);
  return sum;
}

void expect_product(MatrixView a, MatrixView b, MatrixView c, double factor = 1.0) {
  for (std::size_t i = 0; i < c.rows; ++i) {
    for (std::size_t j = 0; j < c.columns; ++j) {
      ASSERT_NEAR(c(i, j), factor * expected_at(a, b, i, j), 1e-5 * static_cast<double>(a.columns + 1))
          << i << " " << j;
    }
  }
}

TEST(Gemm, MultipliesATwoByTwoMatrixByHand) {
  Matrix a(2, 2);
  a(0, 0) = 1, a(0, 1) = 2, a(1, 0) = 3, a(1, 1) = 4;
  Matrix b(2, 2);
  b(0, 0) = 5, b(0, 1) = 6, b(1, 0) = 7, b(1, 1) = 8;
  Matrix c(2, 2);
  gemm(a.view(), b.view(), c.view(), Write::set, Context{});
  EXPECT_EQ(c(0, 0), 19);
  EXPECT_EQ(c(0, 1), 22);
  EXPECT_EQ(c(1, 0), 43);
  EXPECT_EQ(c(1, 1), 50);
}

TEST(Gemm, AgreesWithTheDefinitionForEveryShapeAndStride) {
  const std::size_t shapes[][3] = {{1, 1, 1},   {3, 5, 0},    {13, 33, 7},     {25, 31, 64},  {100, 70, 513},
                                   {97, 65, 1}, {8, 300, 90}, {200, 1100, 20}, {24, 64, 600}, {0, 4, 4}};
  for (const auto& [m, n, k] : shapes) {
    const Matrix a = random_matrix(m, k, 1);
    const Matrix b = random_matrix(k, n, 2);
    const Matrix a_turned = random_matrix(k, m, 3);
    const Matrix b_turned = random_matrix(n, k, 4);
    Matrix c(m, n);
    gemm(a.view(), b.view(), c.view(), Write::set, Context{});
    expect_product(a.view(), b.view(), c.view());
    gemm(a.view(), PackedRight(b.view()), c.view(), Write::add, Context{});
    expect_product(a.view(), b.view(), c.view(), 2.0);
    gemm(a_turned.view().transposed(), b_turned.view().transposed(), c.view(), Write::set, Context{});
    expect_product(a_turned.view().transposed(), b_turned.view().transposed(), c.view());
  }
}

TEST(Gemm, ResultsDoNotDependOnTheNumberOfThreads) {
  const Matrix a = random_matrix(210, 700, 5);
  const Matrix b = random_matrix(700, 1500, 6);
  Matrix alone(210, 1500);
  gemm(a.view(), b.view(), alone.view(), Write::set, Context{});
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  Matrix together(210, 1500);
  gemm(a.view(), b.view(), together.view(), Write::set, context);
  EXPECT_TRUE(std::equal(alone.data(), alone.data() + 210 * 1500, together.data()));
}

CsrMatrix random_sparse(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  CsrMatrix s;
  s.columns = columns;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<std::uint32_t> places;
    std::vector<float> values;
    for (std::uint32_t j = 0; j < columns; ++j) {
      if (random.uniform() >= 0.1) continue;
      places.push_back(j);
      values.push_back(static_cast<float>(random.normal()));
    }
    s.append_row(places, values);
  }
  return s;
}

TEST(SparseGemm, AgreesWithTheDenseProduct) {
  const CsrMatrix s = random_sparse(300, 70, 7);
  const Matrix d = random_matrix(70, 37, 8);
  Matrix dense(300, 70);
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t e = s.starts[i]; e < s.starts[i + 1]; ++e) dense(i, s.column_of[e]) = s.values[e];
  }
  Matrix c(300, 37);
  sparse_gemm(s.view(), d.view(), c.view(), Context{});
  expect_product(dense.view(), d.view(), c.view());
}

TEST(Csr, TransposingTwiceGivesTheMatrixBack) {
  const CsrMatrix s = random_sparse(50, 40, 9);
  const CsrMatrix back = transposed(transposed(s.view()).view());
  EXPECT_EQ(back.starts, s.starts);
  EXPECT_EQ(back.column_of, s.column_of);
  EXPECT_EQ(back.values, s.values);
}

TEST(Csr, CheckRefusesAColumnBeyondTheLast) {
  CsrMatrix s = random_sparse(5, 40, 10);
  EXPECT_TRUE(s.view().check());
  s.columns = 3;
  EXPECT_EQ(s.view().check().error().code, Code::invalid_argument);
  s.starts.pop_back();
  EXPECT_EQ(s.view().check().error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace isogloss::math
