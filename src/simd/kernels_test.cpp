// SPDX-License-Identifier: Apache-2.0
#include "simd/kernels.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace isogloss::simd {
namespace {

const Kernels& reference() { return kernels(Level::scalar); }

std::vector<float> random_floats(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(rng);
  return values;
}

std::vector<std::int8_t> random_bytes(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::vector<std::int8_t> values(n);
  for (auto& value : values) value = static_cast<std::int8_t>(static_cast<int>(rng() % 256) - 128);
  return values;
}

std::vector<std::uint16_t> to_bf16(const std::vector<float>& x) {
  std::vector<std::uint16_t> out(x.size());
  reference().f32_to_bf16(x.data(), out.data(), x.size());
  return out;
}

double sum_of_magnitudes(const float* a, const float* b, std::size_t n) {
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += std::fabs(static_cast<double>(a[i]) * b[i]);
  return total;
}

// 0 .. 70, then lengths around the unrolled steps.
std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 70; ++n) all.push_back(n);
  for (std::size_t n : {127, 128, 129, 255, 257, 384, 391, 1000}) all.push_back(n);
  return all;
}

// Runs once per level of this machine.
class EveryLevel : public testing::TestWithParam<Level> {
 protected:
  const Kernels& k() const { return kernels(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Levels, EveryLevel, testing::ValuesIn(available_levels().begin(), available_levels().end()),
                         [](const auto& level) { return std::string(level_name(level.param)); });

TEST_P(EveryLevel, HandComputedVectors) {
  const float a[] = {1, 2, 3};
  const float b[] = {4, -5, 6};
  EXPECT_EQ(k().dot(a, b, 3), 12.0F);               // 4 - 10 + 18
  EXPECT_EQ(k().squared_distance(a, b, 3), 67.0F);  // 9 + 49 + 9
  const CosineParts parts = k().cosine_parts(a, b, 3);
  EXPECT_EQ(parts.dot, 12.0F);
  EXPECT_EQ(parts.norm_a, 14.0F);
  EXPECT_EQ(parts.norm_b, 77.0F);
  EXPECT_EQ(k().sum(b, 3), 5.0F);
  EXPECT_EQ(k().max(b, 3), 6.0F);
  EXPECT_EQ(k().max_abs(b, 2), 5.0F);
  float y[] = {1, 1, 1};
  k().axpy(2.0F, a, y, 3);
  EXPECT_EQ(y[2], 7.0F);
  k().scale(0.5F, y, 3);
  EXPECT_EQ(y[0], 1.5F);
}

TEST_P(EveryLevel, EmptyVectorsGiveTheNeutralElement) {
  EXPECT_EQ(k().dot(nullptr, nullptr, 0), 0.0F);
  EXPECT_EQ(k().squared_distance(nullptr, nullptr, 0), 0.0F);
  EXPECT_EQ(k().sum(nullptr, 0), 0.0F);
  EXPECT_EQ(k().sum_of_squares(nullptr, 0), 0.0F);
  EXPECT_EQ(k().max(nullptr, 0), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(k().max_abs(nullptr, 0), 0.0F);
  EXPECT_EQ(k().dot_i8(nullptr, nullptr, 0), 0);
  EXPECT_EQ(k().dot_bf16(nullptr, nullptr, 0), 0.0F);
  EXPECT_EQ(k().dot_f16(nullptr, nullptr, 0), 0.0F);
}

TEST_P(EveryLevel, ReductionsAgreeWithScalarAtEveryLength) {
  // One element in, so that no row is aligned.
  const std::vector<float> a = random_floats(1001, 1);
  const std::vector<float> b = random_floats(1001, 2);
  for (const std::size_t n : lengths()) {
    const float* x = a.data() + 1;
    const float* y = b.data() + 1;
    const double bound = 1e-6 * (1 + sum_of_magnitudes(x, y, n) + reference().sum_of_squares(x, n));
    EXPECT_EQ(k().dot(x, y, n), reference().dot(x, y, n)) << n;
    EXPECT_EQ(k().squared_distance(x, y, n), reference().squared_distance(x, y, n)) << n;
    EXPECT_EQ(k().sum(x, n), reference().sum(x, n)) << n;
    EXPECT_EQ(k().sum_of_squares(x, n), reference().sum_of_squares(x, n)) << n;
    EXPECT_EQ(k().max(x, n), reference().max(x, n)) << n;
    EXPECT_EQ(k().max_abs(x, n), reference().max_abs(x, n)) << n;
    EXPECT_NEAR(k().cosine_parts(x, y, n).dot, reference().dot(x, y, n), bound) << n;
    EXPECT_NEAR(k().cosine_parts(x, y, n).norm_b, reference().sum_of_squares(y, n), 2 * bound) << n;
  }
}

// Products and sums that a second rounding would move: just beside the middle of two floats, and subnormal ones.
TEST_P(EveryLevel, SumsOfProductsAreRoundedOnce) {
  const float products[][3] = {{1.0F, 0x1p-24F, 1.0F + 0x1p-23F},         // a tie, to even
                               {1.0F + 0x1p-23F, 0x1p-24F, 1.0F},         // just above the middle
                               {1.0F - 0x1p-24F, 0x1p-24F, 1.0F},         // just below
                               {-1.0F - 0x1p-23F, 0x1p-24F, -1.0F},       //
                               {0x1.8p-75F, 0x1.000002p-75F, 0x1p-149F},  // subnormal sums
                               {0x1.fffffep-64F, 0x1.fffffep-64F, 0x1p-130F},
                               {3e38F, 3e38F, -1.0F}};
  for (const auto& [a, b, c] : products) {
    float x[65] = {c};
    float y[65] = {1.0F};
    x[64] = a, y[64] = b;  // of the same lane
    EXPECT_EQ(k().dot(x, y, 65), std::fma(a, b, c)) << a << ' ' << b << ' ' << c;
  }
}

TEST_P(EveryLevel, ElementwiseLoopsWriteNothingBeyondTheEnd) {
  const std::vector<float> x = random_floats(80, 3);
  for (std::size_t n = 0; n <= 70; ++n) {
    std::vector<float> y(n + 3, 7.0F);
    k().axpy(0.25F, x.data(), y.data(), n);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], 7.0F + 0.25F * x[i], 1e-6F);
    k().scale(2.0F, y.data(), n);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], 14.0F + 0.5F * x[i], 2e-6F);
    for (std::size_t i = n; i < n + 3; ++i) EXPECT_EQ(y[i], 7.0F);
  }
}

TEST_P(EveryLevel, ExpSumIsTheSoftmaxNumerator) {
  const std::vector<float> x = random_floats(80, 4);
  for (std::size_t n = 0; n <= 70; ++n) {
    std::vector<float> y = x;
    const float sum = k().exp_sum(1.5F, y.data(), n);
    double expected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double e = std::exp(static_cast<double>(x[i]) - 1.5);
      EXPECT_NEAR(y[i], e, 4e-7 * e);
      expected += e;
    }
    EXPECT_NEAR(sum, expected, 1e-6 * expected);
    for (std::size_t i = n; i < y.size(); ++i) EXPECT_EQ(y[i], x[i]);
  }
}

TEST_P(EveryLevel, ExpOfVeryNegativeValuesIsZero) {
  std::vector<float> x(20, -std::numeric_limits<float>::infinity());
  x[3] = 0.0F;
  x[17] = -1000.0F;
  EXPECT_EQ(k().exp_sum(0.0F, x.data(), x.size()), 1.0F);
  EXPECT_EQ(x[0], 0.0F);
  EXPECT_EQ(x[17], 0.0F);
}

// Values of every kind: ties, subnormal, infinite, NaN, both signs.
std::vector<float> awkward_floats() {
  std::vector<float> values = {0.0F,       -0.0F,      1.0F,     -1.0F,     65504.0F, 65519.0F,  65520.0F,
                               1e30F,      -1e30F,     3e-8F,    6e-8F,     1e-40F,   0x1.01p0F, 0x1.03p0F,
                               0x1.002p0F, 0x1.006p0F, INFINITY, -INFINITY, NAN,      -NAN};
  std::mt19937 rng(5);
  for (int i = 0; i < 3000; ++i) values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(rng())));
  return values;
}

TEST_P(EveryLevel, ConversionsGiveTheBitsOfScalar) {
  const std::vector<float> x = awkward_floats();
  for (const std::size_t n : {x.size(), x.size() - 1, std::size_t{7}, std::size_t{0}}) {
    std::vector<std::uint16_t> got(n + 1, 0xabcd);
    std::vector<std::uint16_t> expected(n + 1, 0xabcd);
    k().f32_to_bf16(x.data(), got.data(), n);
    reference().f32_to_bf16(x.data(), expected.data(), n);
    EXPECT_EQ(got, expected);
    k().f32_to_f16(x.data(), got.data(), n);
    reference().f32_to_f16(x.data(), expected.data(), n);
    EXPECT_EQ(got, expected);
    std::vector<std::int8_t> bytes(n + 1, 99);
    std::vector<std::int8_t> expected_bytes(n + 1, 99);
    k().f32_to_i8(x.data(), 3.7F, bytes.data(), n);
    reference().f32_to_i8(x.data(), 3.7F, expected_bytes.data(), n);
    EXPECT_EQ(bytes, expected_bytes);
  }
}

TEST_P(EveryLevel, EveryHalfComesBackFromFloat) {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> wide(halves.size());
  std::vector<float> expected(halves.size());
  std::vector<std::uint16_t> back(halves.size());
  k().f16_to_f32(halves.data(), wide.data(), wide.size());
  reference().f16_to_f32(halves.data(), expected.data(), wide.size());
  k().f32_to_f16(wide.data(), back.data(), wide.size());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(wide[i]), std::bit_cast<std::uint32_t>(expected[i])) << i;
    if (!std::isnan(wide[i])) {
      ASSERT_EQ(back[i], halves[i]);
    }
  }
  k().bf16_to_f32(halves.data(), wide.data(), wide.size());
  k().f32_to_bf16(wide.data(), back.data(), wide.size());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    if (!std::isnan(wide[i])) {
      ASSERT_EQ(back[i], halves[i]);
    }
  }
}

TEST_P(EveryLevel, Bf16RoundsToNearestTiesToEven) {
  // 1 + 2^-8 lies midway between 1 and 1 + 2^-7: the even mantissa is 1. 1 + 3 * 2^-8 goes up to 1 + 2^-6.
  const float x[] = {0x1.01p0F, 0x1.03p0F, 0x1.010002p0F};
  std::uint16_t out[3];
  k().f32_to_bf16(x, out, 3);
  EXPECT_EQ(out[0], 0x3f80);
  EXPECT_EQ(out[1], 0x3f82);
  EXPECT_EQ(out[2], 0x3f81);
}

TEST_P(EveryLevel, QuantisingRoundsToEvenAndClamps) {
  const float x[] = {0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 1000.0F, -1000.0F};
  std::int8_t out[7];
  k().f32_to_i8(x, 1.0F, out, 7);
  EXPECT_EQ(std::vector<int>(out, out + 7), (std::vector<int>{0, 2, 2, 0, -2, 127, -127}));
}

TEST_P(EveryLevel, Int8ProductsAreExact) {
  const std::vector<std::int8_t> a = random_bytes(1001, 6);
  const std::vector<std::int8_t> b = random_bytes(1001, 7);
  for (const std::size_t n : lengths()) {
    EXPECT_EQ(k().dot_i8(a.data() + 1, b.data() + 1, n), reference().dot_i8(a.data() + 1, b.data() + 1, n)) << n;
  }
  const std::vector<std::int8_t> lowest(4096, -128);
  EXPECT_EQ(k().dot_i8(lowest.data(), lowest.data(), lowest.size()), 128 * 128 * 4096);
}

TEST_P(EveryLevel, NarrowFloatProductsAgreeWithScalar) {
  const std::vector<float> a = random_floats(1000, 8);
  const std::vector<float> b = random_floats(1000, 9);
  const std::vector<std::uint16_t> a16 = to_bf16(a);
  const std::vector<std::uint16_t> b16 = to_bf16(b);
  std::vector<std::uint16_t> ah(1000);
  std::vector<std::uint16_t> bh(1000);
  reference().f32_to_f16(a.data(), ah.data(), 1000);
  reference().f32_to_f16(b.data(), bh.data(), 1000);
  for (const std::size_t n : lengths()) {
    const double bound = 1e-6 * (1 + sum_of_magnitudes(a.data(), b.data(), n));
    EXPECT_NEAR(k().dot_bf16(a16.data(), b16.data(), n), reference().dot_bf16(a16.data(), b16.data(), n), bound) << n;
    EXPECT_NEAR(k().dot_f16(ah.data(), bh.data(), n), reference().dot_f16(ah.data(), bh.data(), n), bound) << n;
  }
}

// Every count of rows, contiguous and picked, gives for each row the bits that the row alone gives.
template <class Row, class Query, class Out, class Kernel>
void expect_rows_independent(Kernel kernel, const Query* query, const std::vector<Row>& rows, std::size_t stride,
                             std::size_t n) {
  const std::size_t total = rows.size() / stride;
  std::vector<Out> alone(total);
  for (std::size_t i = 0; i < total; ++i) kernel(query, rows.data() + i * stride, stride, nullptr, 1, n, &alone[i]);
  std::vector<std::uint32_t> picks;
  for (std::size_t i = 0; i < total; ++i) picks.push_back(static_cast<std::uint32_t>((i * 7) % total));
  for (std::size_t count = 0; count <= total; ++count) {
    std::vector<Out> out(total + 1, Out{-77});
    kernel(query, rows.data(), stride, nullptr, count, n, out.data());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(out[i], alone[i]);
    kernel(query, rows.data(), stride, picks.data(), count, n, out.data());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(out[i], alone[picks[i]]);
    ASSERT_EQ(out[count], Out{-77});
  }
}

TEST_P(EveryLevel, RowResultsDoNotDependOnTheBlock) {
  for (const std::size_t n : {0, 1, 5, 16, 63, 64, 100, 384}) {
    const std::size_t stride = n + 3;
    const std::vector<float> query = random_floats(n + 1, 10);
    const std::vector<float> rows = random_floats(11 * stride, 11);
    const std::vector<std::uint16_t> rows16 = to_bf16(rows);
    const std::vector<std::int8_t> query8 = random_bytes(n + 1, 12);
    const std::vector<std::int8_t> rows8 = random_bytes(11 * stride, 13);
    expect_rows_independent<float, float, float>(k().dot_rows_f32, query.data(), rows, stride, n);
    expect_rows_independent<float, float, float>(k().distance_rows_f32, query.data(), rows, stride, n);
    expect_rows_independent<std::uint16_t, float, float>(k().dot_rows_bf16, query.data(), rows16, stride, n);
    expect_rows_independent<std::uint16_t, float, float>(k().distance_rows_bf16, query.data(), rows16, stride, n);
    expect_rows_independent<std::int8_t, std::int8_t, std::int32_t>(k().dot_rows_i8, query8.data(), rows8, stride, n);
    float out;
    k().dot_rows_f32(query.data(), rows.data(), stride, nullptr, 1, n, &out);
    EXPECT_EQ(out, k().dot(query.data(), rows.data(), n));
    k().distance_rows_f32(query.data(), rows.data(), stride, nullptr, 1, n, &out);
    EXPECT_EQ(out, k().squared_distance(query.data(), rows.data(), n));
    std::int32_t whole;
    k().dot_rows_i8(query8.data(), rows8.data(), stride, nullptr, 1, n, &whole);
    EXPECT_EQ(whole, k().dot_i8(query8.data(), rows8.data(), n));
  }
}

TEST_P(EveryLevel, Bf16RowsAgreeWithTheirFloats) {
  const std::size_t n = 387;
  const std::vector<float> query = random_floats(n, 14);
  const std::vector<std::uint16_t> row = to_bf16(random_floats(n, 15));
  std::vector<float> wide(n);
  k().bf16_to_f32(row.data(), wide.data(), n);
  float out;
  k().dot_rows_bf16(query.data(), row.data(), n, nullptr, 1, n, &out);
  EXPECT_EQ(out, k().dot(query.data(), wide.data(), n));
  k().distance_rows_bf16(query.data(), row.data(), n, nullptr, 1, n, &out);
  EXPECT_EQ(out, k().squared_distance(query.data(), wide.data(), n));
}

TEST_P(EveryLevel, GatherSumIsASparseRowTimesADenseMatrix) {
  const std::vector<float> values = random_floats(9, 20);
  const std::vector<std::uint32_t> columns = {0, 3, 3, 7, 10, 2, 1, 19, 5};
  for (const std::size_t width : {0, 1, 5, 8, 16, 20, 64, 100, 131}) {
    const std::size_t stride = width + 2;
    const std::vector<float> x = random_floats(20 * stride, 21);
    std::vector<float> out(width + 1, 9.0F);
    k().gather_sum(values.data(), columns.data(), 9, x.data(), stride, width, out.data());
    for (std::size_t j = 0; j < width; ++j) {
      double expected = 0;
      for (std::size_t i = 0; i < 9; ++i) expected += static_cast<double>(values[i]) * x[columns[i] * stride + j];
      EXPECT_NEAR(out[j], expected, 1e-5);
    }
    EXPECT_EQ(out[width], 9.0F);
  }
}

TEST_P(EveryLevel, GatherSumOfInt8RowsIsThatOfTheirFloats) {
  const std::vector<float> values = random_floats(9, 20);
  const std::vector<std::uint32_t> columns = {0, 3, 3, 7, 10, 2, 1, 19, 5};
  for (const std::size_t width : {0, 1, 5, 8, 16, 20, 64, 100, 131}) {
    const std::size_t stride = width + 2;
    std::vector<std::int8_t> x(20 * stride);
    k().f32_to_i8(random_floats(x.size(), 22).data(), 100.0F, x.data(), x.size());
    const std::vector<float> wide(x.begin(), x.end());
    std::vector<float> out(width + 1, 9.0F);
    std::vector<float> expected(width + 1, 9.0F);
    k().gather_sum_i8(values.data(), columns.data(), 9, x.data(), stride, width, out.data());
    k().gather_sum(values.data(), columns.data(), 9, wide.data(), stride, width, expected.data());
    EXPECT_EQ(out, expected);
  }
}

// Codes that differ from 0 in 0, 1, 2 ... bits.
TEST_P(EveryLevel, NearCodesCountsBitsOfAllFourWords) {
  const std::uint64_t code[4] = {};
  std::vector<std::uint64_t> codes(4 * 257);
  for (std::size_t i = 0; i <= 256; ++i) {
    for (std::size_t bit = 0; bit < i; ++bit) codes[4 * i + bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  std::vector<std::uint32_t> out(257);
  for (const unsigned most : {0U, 1U, 63U, 64U, 200U, 256U}) {
    ASSERT_EQ(k().near_codes(code, codes.data(), 257, most, out.data()), most + 1);
    for (std::uint32_t i = 0; i <= most; ++i) EXPECT_EQ(out[i], i);
  }
  EXPECT_EQ(k().near_codes(code, codes.data(), 0, 256, out.data()), 0U);
}

TEST_P(EveryLevel, CountBitsCountsThem) {
  std::vector<std::uint64_t> words;
  std::size_t bits = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_EQ(k().count_bits(words.data(), words.size()), bits);
    words.push_back(i * 0x9E3779B97F4A7C15ULL);
    bits += static_cast<std::size_t>(std::popcount(words.back()));
  }
}

TEST_P(EveryLevel, FindAtLeastGivesTheFirst) {
  std::vector<float> x(50, 1.0F);
  const std::vector<float> limits(50, 1.5F);
  EXPECT_EQ(k().find_reaching(x.data(), limits.data(), 0, 50), 50U);
  EXPECT_EQ(k().find_at_least(x.data(), 50, 2.0F), 50U);
  EXPECT_EQ(k().find_at_least(x.data(), 0, 0.0F), 0U);
  for (std::size_t i = 50; i-- > 0;) {
    x[i] = 2.0F;
    EXPECT_EQ(k().find_at_least(x.data(), 50, 2.0F), i);
    EXPECT_EQ(k().find_reaching(x.data(), limits.data(), 0, 50), i);
    EXPECT_EQ(k().find_reaching(x.data(), limits.data(), i + 1, 50), std::min<std::size_t>(50, i + 1));
  }
}

TEST_P(EveryLevel, GemmTileIsTheProductOfThePanels) {
  const std::size_t rows = k().tile_rows;
  const std::size_t columns = k().tile_columns;
  for (const std::size_t depth : {0, 2, 34}) {
    const std::vector<float> a = random_floats(depth * rows + 1, 16);
    const std::vector<float> b = random_floats(depth * columns + 1, 17);
    std::vector<float> c(rows * (columns + 5), 3.0F);
    k().gemm_set(a.data(), 1, rows, b.data(), columns, depth, c.data(), columns + 5);
    k().gemm_add(a.data(), 1, rows, b.data(), columns, depth, c.data(), columns + 5);
    std::vector<float> a_rows(rows * (depth + 2));
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t p = 0; p < depth; ++p) a_rows[i * (depth + 2) + p] = a[p * rows + i];
    }
    std::vector<float> plain(rows * columns);
    k().gemm_set(a_rows.data(), depth + 2, 1, b.data(), columns, depth, plain.data(), columns);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        double expected = 0;
        for (std::size_t p = 0; p < depth; ++p) expected += static_cast<double>(a[p * rows + i]) * b[p * columns + j];
        ASSERT_NEAR(c[i * (columns + 5) + j], 2 * expected, 1e-4);
        ASSERT_EQ(plain[i * columns + j] * 2, c[i * (columns + 5) + j]);
      }
      ASSERT_EQ(c[i * (columns + 5) + columns], 3.0F);
    }
  }
}

TEST_P(EveryLevel, Bf16GemmTileTakesPairs) {
  const std::size_t rows = k().tile_rows;
  const std::size_t columns = k().tile_columns;
  const std::size_t depth = 34;
  const std::vector<float> a = random_floats(depth * rows, 18);
  const std::vector<float> b = random_floats(depth * columns, 19);
  const std::vector<std::uint16_t> a16 = to_bf16(a);
  const std::vector<std::uint16_t> b16 = to_bf16(b);
  std::vector<float> c(rows * columns);
  k().gemm_set_bf16(a16.data(), b16.data(), depth, c.data(), columns);
  k().gemm_add_bf16(a16.data(), b16.data(), depth, c.data(), columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double expected = 0;
      for (std::size_t p = 0; p < depth; ++p) {
        const std::size_t x = (p / 2 * rows + i) * 2 + p % 2;
        const std::size_t y = (p / 2 * columns + j) * 2 + p % 2;
        expected += std::bit_cast<float>(static_cast<std::uint32_t>(a16[x]) << 16) *
                    static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(b16[y]) << 16));
      }
      ASSERT_NEAR(c[i * columns + j], 2 * expected, 1e-4);
    }
  }
}

}  // namespace
}  // namespace isogloss::simd
