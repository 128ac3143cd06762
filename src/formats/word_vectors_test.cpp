// SPDX-License-Identifier: Apache-2.0
#include "formats/word_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/file.hpp"
#include "core/npy.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<WordVectors> parse(std::string_view content) {
  Context context;
  return parse_word_vectors(content, "x.vec", context);
}

std::vector<std::string> words_of(const WordVectors& read) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < read.words.size(); ++i) out.emplace_back(read.words[i]);
  return out;
}

std::string binary(std::string_view header, const std::vector<std::pair<std::string, std::vector<float>>>& rows,
                   bool feeds) {
  std::string out(header);
  for (const auto& [word, row] : rows) {
    out += word + " ";
    out.append(static_cast<const char*>(static_cast<const void*>(row.data())), row.size() * sizeof(float));
    if (feeds) out += '\n';
  }
  return out;
}

TEST(WordVectors, ReadsTheTextOfWord2vecAndFastText) {
  const WordVectors read = parse("2 3\n</s> 0.5 -1 2e-3 \ncat 1 2 3 \n").value();
  EXPECT_EQ(read.layout, WordVectorLayout::text);
  EXPECT_EQ(read.dim, 3U);
  EXPECT_THAT(words_of(read), ElementsAre("</s>", "cat"));
  EXPECT_THAT(read.rows, ElementsAre(0.5F, -1, 0.002F, 1, 2, 3));
}

// GloVe 840B has words with blanks in them, "<unk>" at the end and numbers below what a float can hold.
TEST(WordVectors, ReadsGloveWithoutAHeader) {
  const WordVectors read = parse("the 1 2\r\n. . . 3 4\r\n2 5 6\r\n<unk> 1e-60 -0\r\n").value();
  EXPECT_EQ(read.layout, WordVectorLayout::glove);
  EXPECT_THAT(words_of(read), ElementsAre("the", ". . .", "2", "<unk>"));
  EXPECT_THAT(read.rows, ElementsAre(1, 2, 3, 4, 5, 6, 0, 0));
}

TEST(WordVectors, ReadsBinaryWithAndWithoutLineFeeds) {
  for (const bool feeds : {true, false}) {
    const WordVectors read = parse(binary("2 2\n", {{"a", {1, -2.5F}}, {"caf\xC3\xA9", {3e-9F, 4}}}, feeds)).value();
    EXPECT_EQ(read.layout, WordVectorLayout::binary);
    EXPECT_THAT(words_of(read), ElementsAre("a", "caf\xC3\xA9"));
    EXPECT_THAT(read.rows, ElementsAre(1, -2.5F, 3e-9F, 4));
  }
}

TEST(WordVectors, RoundTripsToTheByte) {
  for (const std::string& content : {std::string("2 2 \ncat 0.500000 -1.250000 \ndog 3.000000 0.000001 \n").erase(3, 1),
                                     binary("2 2\n", {{"a", {1, -2.5F}}, {"b", {3e-9F, 4}}}, true)}) {
    const WordVectors read = parse(content).value();
    EXPECT_EQ(write_word_vectors(read.words, read.rows, read.dim, read.layout), content);
  }
  const WordVectors glove = parse("cat 0.123457 1.000000\ndog 2.000000 3.000000\n").value();
  EXPECT_EQ(write_word_vectors(glove.words, glove.rows, glove.dim, glove.layout),
            "cat 0.123457 1.000000\ndog 2.000000 3.000000\n");
}

TEST(WordVectors, TheFirstRowOfARepeatedWordIsKept) {
  const WordVectors read = parse("3 1\na 1\na 2\nb 3\n").value();
  EXPECT_THAT(words_of(read), ElementsAre("a", "b"));
  EXPECT_THAT(read.rows, ElementsAre(1, 3));
  EXPECT_EQ(read.repeated, 1U);
}

TEST(WordVectors, BrokenFilesAreNamedWithTheirPlace) {
  const auto message = [](std::string_view content) {
    const auto read = parse(content);
    return read ? std::string("read") : read.error().message;
  };
  EXPECT_THAT(message("3 2\na 1 2\nb 3 4\n"), HasSubstr("promises 3 words of 2 numbers, the file holds 2"));
  EXPECT_THAT(message("2 2\na 1 2\nb 3\n"), HasSubstr("line 3: has 1 numbers, 2 are needed"));
  EXPECT_THAT(message("2 2\na 1 2\nb x 3\n"), HasSubstr("line 3: 'x' of the word 'b' is not a finite number"));
  EXPECT_THAT(message("2 2\na 1 2\nb nan 3\n"), HasSubstr("'nan' of the word 'b'"));
  EXPECT_THAT(message("2 2\na 1 2\nb 1e99 3\n"), HasSubstr("'1e99' of the word 'b'"));
  EXPECT_THAT(message(""), HasSubstr("no file of word vectors"));
  EXPECT_THAT(message("a text of words\nand another\n"), HasSubstr("no file of word vectors"));
  EXPECT_THAT(message("99999999999 300\na 1 2\n"), HasSubstr("no file of word vectors"));
  EXPECT_THAT(message(binary("2 2\n", {{"a", {1, NAN}}, {"b", {1, 2}}}, true)),
              HasSubstr("word 1 ('a') has a number that is not finite"));
  EXPECT_THAT(message(binary("3 2\n", {{"a", {1, -2.5F}}, {"b", {1e-9F, 2}}}, true)), HasSubstr("the file holds 2"));
}

TEST(WordVectors, ALongFileIsRecognisedByItsHead) {
  const TemporaryFolder folder;
  std::string content;
  for (int i = 0; i < 20000; ++i) content += "w" + std::to_string(i) + " 0.25 -0.5 1.5\n";
  ASSERT_TRUE(write_file(folder.path() / "g.txt", content));
  EXPECT_EQ(recognise_word_vector_file(folder.path() / "g.txt"), WordVectorLayout::glove);
  ASSERT_TRUE(write_file(folder.path() / "t.txt", "one two three\nfour five\n"));
  EXPECT_EQ(recognise_word_vector_file(folder.path() / "t.txt"), WordVectorLayout::none);
  Context context;
  EXPECT_EQ(read_word_vectors(folder.path() / "g.txt", context).value().words.size(), 20000U);
}

TEST(WordVectors, AMatrixOfNumPyHasItsWordsBesideIt) {
  TemporaryFolder folder;
  Context context;
  const auto path = folder.path() / "w.npy";
  const std::size_t shape[] = {2, 2};
  const float rows[] = {1.0F, 2.0F, 3.0F, 4.5F};
  const std::string_view numbers(static_cast<const char*>(static_cast<const void*>(rows)), sizeof rows);
  ASSERT_TRUE(write_file(path, npy_header("<f4", shape) + std::string(numbers)));
  EXPECT_EQ(recognise_word_vector_file(path), WordVectorLayout::numpy);
  EXPECT_THAT(read_word_vectors(path, context).error().message, HasSubstr("w.vocabulary.txt"));
  ASSERT_TRUE(write_file(folder.path() / "w.vocabulary.txt", "cat\nold dog\n"));
  const WordVectors words = read_word_vectors(path, context).value();
  EXPECT_EQ(words.dim, 2u);
  EXPECT_EQ(words.words[1], "old dog");
  EXPECT_THAT(words.rows, ElementsAre(1.0F, 2.0F, 3.0F, 4.5F));
  ASSERT_TRUE(write_file(folder.path() / "w.vocabulary.txt", "cat\n"));
  EXPECT_THAT(read_word_vectors(path, context).error().message, HasSubstr("2 rows"));
}

}  // namespace
}  // namespace isogloss::formats
