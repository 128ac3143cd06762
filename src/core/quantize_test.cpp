// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "isogloss/vectors.hpp"

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Vectors rows_of(std::size_t dim, const std::vector<float>& values) {
  Vectors out = Vectors::dense(values.size() / dim, dim);
  for (std::size_t i = 0; i < values.size(); ++i) out.row_f32(i / dim)[i % dim] = values[i];
  return out;
}

std::vector<int> bytes_of(const Vectors& rows) {
  std::vector<int> out;
  for (std::size_t i = 0; i < rows.rows() * rows.row_bytes(); ++i) {
    const auto byte = std::to_integer<std::uint8_t>(rows.data()[i]);
    out.push_back(rows.dtype() == DType::i8 ? static_cast<std::int8_t>(byte) : byte);
  }
  return out;
}

// Range 1: a step is 1/127. 0.5 is 63.5 steps and goes to the even 64; 2 is cut.
TEST(Quantize, CountsStepsOfOneSizeForAllRows) {
  const Vectors rows = rows_of(4, {0, 1, -1, 0.5F, 2, -2, 0.01F, -0.01F});
  const Vectors i8 = quantize(rows.view(), DType::i8, {1, {}, {}}).value();
  EXPECT_THAT(bytes_of(i8), ElementsAre(0, 127, -127, 64, 127, -127, 1, -1));
  EXPECT_THAT(i8.scale, ElementsAre(testing::FloatEq(1 / 127.0F)));
  const Vectors u8 = quantize(rows.view(), DType::u8, {1, {}, {}}).value();
  EXPECT_THAT(bytes_of(u8), ElementsAre(128, 255, 1, 192, 255, 1, 129, 127));
  const Vectors back = to_f32(u8);
  EXPECT_NEAR(back.row_f32(0)[1], 1, 1e-6);
  EXPECT_NEAR(back.row_f32(0)[0], 0, 1e-6);
  EXPECT_NEAR(to_f32(i8).row_f32(0)[3], 64 / 127.0, 1e-6);
}

// Rows of length 1 in 256 columns: the range is 8 / 16, in 16 and fewer columns never more than 1.
TEST(Quantize, KnowsHowLargeNumbersOfLengthOneGet) {
  EXPECT_FLOAT_EQ(quantize(Vectors::dense(1, 256).view(), DType::i8).value().scale[0], 0.5F / 127);
  EXPECT_FLOAT_EQ(quantize(Vectors::dense(1, 16).view(), DType::i8).value().scale[0], 1.0F / 127);
}

// Ten columns: 0.1 -0.1 0 0.2 0.3 -0.4 1 -1 | 0.5 -0.5, as quantize_embeddings packs them.
TEST(Quantize, PacksSignsFromTheHighestBitDown) {
  const Vectors bits =
      quantize(rows_of(10, {.1F, -.1F, 0, .2F, .3F, -.4F, 1, -1, .5F, -.5F}).view(), DType::bit).value();
  EXPECT_THAT(bytes_of(bits), ElementsAre(0b10011010, 0b10000000));
  const Vectors back = to_f32(bits);
  EXPECT_EQ(back.row_f32(0)[0], 1);
  EXPECT_EQ(back.row_f32(0)[9], -1);
}

// sentence-transformers 6.2.0, quantize_embeddings(x, "int8" | "uint8", ranges=...).
TEST(Quantize, GivesTheBytesOfSentenceTransformersForRangesOfColumns) {
  const Vectors rows = rows_of(4, {0.5F, -0.25F, 0.1F, -0.9F, -0.5F, 0.3F, 0.0F, 0.2F, 0.01F, 2.0F, -0.1F, 0.9F});
  const float low[] = {-0.5F, -0.3F, -0.1F, -1};
  const float high[] = {0.5F, 0.3F, 0.1F, 1};
  EXPECT_THAT(bytes_of(quantize(rows.view(), DType::i8, {0, low, high}).value()),
              ElementsAre(126, -107, 127, -116, -128, 127, -1, 25, 2, 127, -128, 114));
  EXPECT_THAT(bytes_of(quantize(rows.view(), DType::u8, {0, low, high}).value()),
              ElementsAre(254, 21, 255, 12, 0, 255, 127, 153, 130, 255, 0, 242));
}

// 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to the even one; 1 + 3 * 2^-8 goes up.
TEST(Quantize, RoundsHalvesOfBf16ToEven) {
  const Vectors rows = rows_of(4, {1 + 0x1p-8F, 1 + 3 * 0x1p-8F, -2, std::nanf("")});
  const Vectors back = to_f32(quantize(rows.view(), DType::bf16).value());
  EXPECT_EQ(back.row_f32(0)[0], 1);
  EXPECT_EQ(back.row_f32(0)[1], 1 + 0x1p-6F);
  EXPECT_EQ(back.row_f32(0)[2], -2);
  EXPECT_TRUE(std::isnan(back.row_f32(0)[3]));
}

TEST(Quantize, TakesNoNumberForZeroAndRefusesWhatCannotBe) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Vectors rows = rows_of(3, {std::nanf(""), kInfinity, -kInfinity});
  EXPECT_THAT(bytes_of(quantize(rows.view(), DType::i8).value()), ElementsAre(0, 127, -127));
  const float one[] = {1};
  EXPECT_THAT(quantize(rows.view(), DType::i8, {0, one, one}).error().message, HasSubstr("1 least and 1 largest"));
  EXPECT_THAT(quantize(rows.view(), DType::i8, {-1, {}, {}}).error().message, HasSubstr("above 0"));
  EXPECT_THAT(quantize(rows.view(), DType::f16).error().message, HasSubstr("not f16"));
  EXPECT_THAT(quantize(quantize(rows.view(), DType::i8)->view(), DType::bit).error().message, HasSubstr("not i8"));
}

}  // namespace
}  // namespace isogloss
