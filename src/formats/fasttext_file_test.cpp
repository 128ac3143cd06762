// SPDX-License-Identifier: Apache-2.0
#include "formats/fasttext_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
void put(std::string& out, T value) {
  out.append(static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
}

// Two words of two numbers, no n-grams, written byte by byte from the layout in the header.
std::string by_hand(std::int32_t version = 12, std::int32_t kind = 2) {
  std::string out;
  for (const std::int32_t value : {793712314, version, 2, 5, 3, 1, 4, 1, 2, kind, 0, 3, kind == 3 ? 6 : 0, 100})
    put(out, value);
  put(out, 1e-4);
  for (const std::int32_t value : {kind == 3 ? 3 : 2, 2, kind == 3 ? 1 : 0}) put(out, value);
  put(out, std::int64_t{9});
  put(out, std::int64_t{-1});
  const auto entry = [&](std::string_view word, std::int64_t count, char type) {
    out.append(word);
    out += '\0';
    put(out, count);
    out += type;
  };
  entry("cat", 6, 0);
  entry("dog", 3, 0);
  if (kind == 3) entry("__label__pet", 2, 1);
  for (const std::vector<float>& rows :
       {std::vector<float>{1, 2, 3, 4}, kind == 3 ? std::vector<float>{5, 6} : std::vector<float>{5, 6, 7, 8}}) {
    out += '\0';
    put(out, static_cast<std::int64_t>(rows.size() / 2));
    put(out, std::int64_t{2});
    for (const float x : rows) put(out, x);
  }
  return out;
}

Result<FasttextFile> parse(std::string_view content) {
  Context context;
  return parse_fasttext(content, "x.bin", context);
}

std::string bytes_of(const FasttextFile& file) {
  std::string out;
  EXPECT_TRUE(write_fasttext(file, [&](std::span<const std::byte> bytes) -> Status {
    out.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    return {};
  }));
  return out;
}

// Three words, two labels, 4 columns in parts of 3 and 1, norms apart, two of five n-grams kept.
FasttextFile quantised() {
  FasttextFile file;
  file.settings.dim = 4;
  file.settings.kind = FasttextKind::supervised;
  file.settings.loss = FasttextLoss::softmax;
  file.settings.bucket = 5;
  file.settings.minn = 2;
  file.settings.maxn = 3;
  file.tokens = 12;
  for (const char* word : {"</s>", "cat", "dog"}) file.words.add(word);
  for (const char* label : {"__label__pet", "__label__none"}) file.labels.add(label);
  file.word_counts = {5, 4, 3};
  file.label_counts = {3, 2};
  file.pruned = true;
  file.kept = {{4, 1}, {0, 0}};
  const auto fill = [](FasttextMatrix& m, std::size_t rows, bool norms) {
    m.rows = rows;
    m.columns = 4;
    m.quantised = true;
    m.part = 3;
    for (std::size_t i = 0; i < 2 * rows; ++i) m.codes.push_back(static_cast<std::uint8_t>(37 * i));
    for (std::size_t i = 0; i < 256 * 4; ++i) m.centroids.push_back(static_cast<float>(i) / 8);
    if (!norms) return;
    for (std::size_t i = 0; i < rows; ++i) m.norm_codes.push_back(static_cast<std::uint8_t>(200 + i));
    for (std::size_t i = 0; i < 256; ++i) m.norm_centroids.push_back(static_cast<float>(i));
  };
  fill(file.input, 5, true);
  fill(file.output, 2, false);
  return file;
}

TEST(FasttextFile, ReadsWhatTheLayoutSays) {
  const FasttextFile file = parse(by_hand()).value();
  EXPECT_EQ(file.settings.dim, 2);
  EXPECT_EQ(file.settings.epochs, 3);
  EXPECT_EQ(file.settings.negative, 4);
  EXPECT_EQ(file.settings.loss, FasttextLoss::ns);
  EXPECT_EQ(file.settings.kind, FasttextKind::skipgram);
  EXPECT_EQ(file.settings.sample, 1e-4);
  EXPECT_EQ(file.tokens, 9);
  EXPECT_EQ(file.words[1], "dog");
  EXPECT_THAT(file.word_counts, ElementsAre(6, 3));
  EXPECT_FALSE(file.pruned);
  EXPECT_THAT(std::vector(file.input.values.begin(), file.input.values.end()), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(std::vector(file.output.values.begin(), file.output.values.end()), ElementsAre(5, 6, 7, 8));
}

TEST(FasttextFile, WritesTheBytesItRead) {
  EXPECT_EQ(bytes_of(parse(by_hand()).value()), by_hand());
  const std::string small = bytes_of(quantised());
  EXPECT_EQ(bytes_of(parse(small).value()), small);
}

TEST(FasttextFile, ClassifiersOfVersion11ReadNoNgrams) {
  EXPECT_EQ(parse(by_hand(11, 3)).value().settings.maxn, 0);
  EXPECT_THAT(parse(by_hand(12, 3)).error().message, HasSubstr("no bucket"));
}

TEST(FasttextFile, KeepsQuantisersAndTheNgramsThatAreLeft) {
  const FasttextFile file = parse(bytes_of(quantised())).value();
  EXPECT_TRUE(file.input.quantised);
  EXPECT_EQ(file.input.parts(), 2U);
  EXPECT_EQ(file.input.centroids[8], 1.0F);
  EXPECT_EQ(file.input.norm_codes.size(), 5U);
  EXPECT_TRUE(file.output.norm_codes.empty());
  EXPECT_EQ(file.kept[0], (std::pair<std::int32_t, std::int32_t>(4, 1)));
  EXPECT_EQ(file.labels[1], "__label__none");
}

TEST(FasttextFile, EveryCutIsNamed) {
  for (const std::string& whole : {by_hand(), bytes_of(quantised())}) {
    for (std::size_t size = 8; size < whole.size(); size += size < 400 ? 1 : 61) {
      const auto read = parse(std::string_view(whole).substr(0, size));
      ASSERT_FALSE(read) << size;
      EXPECT_EQ(read.error().code, Code::corrupt_data) << size;
      EXPECT_THAT(read.error().message, HasSubstr("x.bin"));
    }
    EXPECT_THAT(parse(whole + "x").error().message, HasSubstr("behind"));
  }
}

TEST(FasttextFile, LiesAreNamedAndCostNoMemory) {
  const auto with = [](std::size_t at, auto value) {
    std::string bytes = by_hand();
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return parse(bytes).error().message;
  };
  EXPECT_THAT(with(0, 1), HasSubstr("no file of fastText"));
  EXPECT_THAT(with(4, 13), HasSubstr("version 13"));
  EXPECT_THAT(with(8, 3), HasSubstr("2 x 2 where its dictionary asks for 2 x 3"));
  EXPECT_THAT(with(32, 9), HasSubstr("loss"));
  EXPECT_THAT(with(36, 7), HasSubstr("kind of model"));
  EXPECT_THAT(with(40, 5), HasSubstr("asks for 7 x 2"));
  EXPECT_THAT(with(64, 2000000000), HasSubstr("2000000000 entries"));
  EXPECT_THAT(with(84, std::int64_t{1} << 40), HasSubstr("keeps"));
  const std::size_t matrix = by_hand().size() - 2 * (16 + 16) - 1;
  EXPECT_THAT(with(matrix, std::int64_t{1} << 31), HasSubstr("more than it can hold"));
  EXPECT_THAT(with(matrix, std::int64_t{-1}), HasSubstr("-1 x 2"));
  EXPECT_THAT(with(matrix + 16, std::numeric_limits<float>::infinity()), HasSubstr("not finite"));
}

TEST(FasttextFile, NgramsThatAreLeftMustHaveRowsOfTheirOwn) {
  for (const auto& kept : {std::pair{5, 1}, std::pair{4, 2}, std::pair{4, 0}, std::pair{-1, 1}}) {
    FasttextFile file = quantised();
    file.kept[0] = kept;
    EXPECT_THAT(parse(bytes_of(file)).error().message, HasSubstr("puts the n-grams")) << kept.first;
  }
}

TEST(FasttextFile, TheLanguageModelOfOthersSurvivesToTheByte) {
  IG_REQUIRE_DATA(path, "models/fasttext_lid176/lid.176.ftz");
  const std::string whole = read_file(path).value();
  Context context;
  const FasttextFile file = read_fasttext(path, context).value();
  EXPECT_EQ(file.labels.size(), 176U);
  EXPECT_EQ(file.settings.dim, 16);
  EXPECT_TRUE(bytes_of(file) == whole);
}

}  // namespace
}  // namespace isogloss::formats
