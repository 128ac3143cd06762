// SPDX-License-Identifier: Apache-2.0
#include "math/product_quantizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"

namespace isogloss::math {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

// Three columns in parts of 2 and 1: a row is centroid 1 of part 0 and centroid 2 of part 1, times its norm.
TEST(ProductQuantizer, ARowIsItsCentroidsTimesItsNorm) {
  std::vector<float> centroids(256 * 3);
  centroids[2] = 5;  // part 0, centroid 1
  centroids[3] = 6;
  centroids[512 + 2] = 7;  // part 1, centroid 2
  std::vector<float> norms(256);
  norms[9] = 0.5F;
  const std::vector<std::uint8_t> codes{1, 2, 0, 2}, norm_codes{9, 9};
  const ProductCodes view{3, 2, codes, centroids, norm_codes, norms};
  std::vector<float> out{1, 1, 1};
  add_coded_row(view, 0, 2, out);
  EXPECT_THAT(out, ElementsAre(6, 7, 8));
  std::vector<float> dots(2);
  dot_coded_rows(view, std::vector<float>{1, 10, 100}, dots);
  EXPECT_THAT(dots, ElementsAre(FloatEq(0.5F * (5 + 60 + 700)), FloatEq(0.5F * 700)));
  EXPECT_FLOAT_EQ(dot_coded_row(view, 0, std::vector<float>{1, 10, 100}), dots[0]);
}

TEST(ProductQuantizer, FewRowsComeBackAsTheyWere) {
  Matrix rows(40, 5);
  Random random(1);
  for (float& x : std::span(rows.data(), rows.rows() * rows.columns())) x = static_cast<float>(random.normal());
  for (const bool norms : {false, true}) {
    const QuantizedRows coded = quantize_rows(rows.view(), {2, norms}, Context()).value();
    for (std::size_t i = 0; i < 40; ++i) {
      std::vector<float> out(5, 0.0F);
      add_coded_row(coded.view(), i, 1, out);
      for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(out[j], rows.view()(i, j), 1e-3) << i;
    }
  }
}

TEST(ProductQuantizer, ManyRowsAreNearAndTheSameOnAnyNumberOfThreads) {
  Matrix rows(5000, 8);
  Random random(2);
  for (float& x : std::span(rows.data(), rows.rows() * rows.columns())) x = static_cast<float>(random.normal());
  ThreadPool pool(4);
  Context many;
  many.pool = &pool;
  many.threads = 4;
  const QuantizedRows coded = quantize_rows(rows.view(), {2, true}, many).value();
  const QuantizedRows alone = quantize_rows(rows.view(), {2, true}, Context()).value();
  EXPECT_EQ(coded.codes, alone.codes);
  EXPECT_EQ(coded.centroids, alone.centroids);
  double wrong = 0, all = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::vector<float> out(8, 0.0F);
    add_coded_row(coded.view(), i, 1, out);
    for (std::size_t j = 0; j < 8; ++j) {
      wrong += std::pow(static_cast<double>(out[j] - rows.view()(i, j)), 2);
      all += std::pow(static_cast<double>(rows.view()(i, j)), 2);
    }
  }
  EXPECT_LT(wrong / all, 0.03);
}

TEST(ProductQuantizer, NothingToQuantiseIsAnError) {
  EXPECT_EQ(quantize_rows(Matrix(0, 4).view(), {}, Context()).error().code, Code::invalid_argument);
  EXPECT_EQ(quantize_rows(Matrix(4, 4).view(), {0}, Context()).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace isogloss::math
