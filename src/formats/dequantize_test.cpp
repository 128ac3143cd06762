// SPDX-License-Identifier: Apache-2.0
// Blocks worked by hand, and what gguf-py gives for random ones (tests/golden/gguf/make.py).
#include "formats/dequantize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "formats/gguf_test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<float> values_of(std::string_view type, const std::string& block) {
  const GgmlType& found = *ggml_type(type);
  std::vector<float> out(block.size() / found.block_bytes * found.block_elements);
  dequantize(found, std::as_bytes(std::span(block)), out);
  return out;
}

const std::string kHalf("\x00\x38", 2);   // 0.5
const std::string kThree("\x00\x42", 2);  // 3

// d = 0.5; q = 1, -2, 0 ...
TEST(Dequantize, MultipliesTheBytesOfQ80ByTheirScale) {
  const std::vector<float> x = values_of("Q8_0", kHalf + "\x01\xFE" + std::string(30, '\0'));
  EXPECT_EQ(x[0], 0.5F);
  EXPECT_EQ(x[1], -1.0F);
  EXPECT_THAT(std::span(x).subspan(2), Each(0.0F));
}

// Byte 0x9F: element 0 is 15 - 8, element 16 is 9 - 8, both times 0.5; byte 0x88 is 0 and 0.
TEST(Dequantize, FindsBothNibblesOfQ40) {
  const std::vector<float> x = values_of("Q4_0", kHalf + "\x9F" + std::string(15, '\x88'));
  EXPECT_EQ(x[0], 3.5F);
  EXPECT_EQ(x[16], 0.5F);
  EXPECT_EQ(x[1], 0.0F);
}

// d = 0.5, m = 3; scale 0 is 2 and minimum 0 is 1, scale 7 is 0x21 (low bits in byte 11, high ones on top of byte 3),
// minimum 7 is 0. Run 0: 0.5 * 2 * q - 3; run 7: 0.5 * 33 * q.
TEST(Dequantize, UnpacksTheScalesOfQ4K) {
  std::string scales(12, '\0');
  scales[0] = 2;
  scales[4] = 1;
  scales[3] = '\x80';
  scales[11] = 1;
  std::string nibbles(128, '\0');
  nibbles[0] = 5;        // run 0, element 0
  nibbles[96] = '\x20';  // run 7, element 0
  const std::vector<float> x = values_of("Q4_K", kHalf + kThree + scales + nibbles);
  EXPECT_EQ(x[0], 2.0F);
  EXPECT_EQ(x[1], -3.0F);
  EXPECT_EQ(x[7 * 32], 33.0F);
  EXPECT_EQ(x[32], 0.0F);
}

// Element 0: low nibble 1, high bits 2 = 33, minus 32, times scale -4, times 0.5. Element 1: 0 - 32.
TEST(Dequantize, JoinsTheBitsOfQ6K) {
  std::string block(210, '\0');
  block[0] = 1;
  block[128] = 2;
  block[192] = '\xFC';
  block[208] = kHalf[0];
  block[209] = kHalf[1];
  const std::vector<float> x = values_of("Q6_K", block);
  EXPECT_EQ(x[0], -2.0F);
  EXPECT_EQ(x[1], 64.0F);
}

TEST(Dequantize, ReadsHalvesOfEveryKind) {
  // 1, -2, the smallest subnormal, the largest half, infinity
  const std::string halves("\x00\x3C\x00\xC0\x01\x00\xFF\x7B\x00\x7C", 10);
  EXPECT_THAT(values_of("F16", halves), ElementsAre(1.0F, -2.0F, 0x1p-24F, 65504.0F, HUGE_VALF));
  EXPECT_THAT(values_of("BF16", std::string("\x80\x3F\x00\xC0", 4)), ElementsAre(1.0F, -2.0F));
}

// Every type of the file has random blocks, and what the reference makes of them as F32.
TEST(Dequantize, GivesTheValuesOfTheReferenceToTheBit) {
  const char* source = std::getenv("ISOGLOSS_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  const auto file = Gguf::open(std::filesystem::path(source) / "tests/golden/gguf/types.gguf");
  ASSERT_TRUE(file) << file.error().message;
  std::size_t types = 0;
  for (const GgufTensor& tensor : file->tensors()) {
    const GgufTensor* const want = file->find_tensor(tensor.name + ".expected");
    if (want == nullptr) continue;
    ++types;
    std::vector<std::byte> bytes(tensor.size);
    std::vector<std::byte> expected(want->size);
    ASSERT_TRUE(file->read(tensor, bytes));
    ASSERT_TRUE(file->read(*want, expected));
    std::vector<float> got(tensor.elements());
    dequantize(*tensor.type, bytes, got);
    ASSERT_EQ(std::as_bytes(std::span(got)).size(), expected.size());
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(got)), expected)) << tensor.name;
  }
  EXPECT_EQ(types, 11U);
}

TEST(Dequantize, KnowsWhatItCannotDo) {
  EXPECT_FALSE(can_dequantize(*ggml_type("IQ2_XXS")));
  EXPECT_EQ(dequantized_types(), "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K");
}

}  // namespace
}  // namespace isogloss::formats
