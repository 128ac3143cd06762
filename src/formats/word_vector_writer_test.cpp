// SPDX-License-Identifier: Apache-2.0
#include "formats/word_vector_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::HasSubstr;

class WordVectorWriter : public testing::Test {
 protected:
  WordRowSource source(const std::vector<std::string>& words) {
    words_ = words;
    return {words_.size(), 2, [this](std::size_t i) -> std::string_view { return words_[i]; },
            [](std::size_t i, std::span<float> row) {
              row[0] = static_cast<float>(i) + 0.5F;
              row[1] = -0.25F;
            }};
  }
  std::string saved(const std::vector<std::string>& words, const WordVectorForm& form) {
    Context context;
    const auto path = folder_.path() / "x";
    const Status status = save_word_vectors(path, source(words), form, context);
    return status ? read_file(path).value() : status.error().message;
  }
  TemporaryFolder folder_;
  std::vector<std::string> words_;
};

TEST_F(WordVectorWriter, WritesTextAsTheOriginalsDo) {
  EXPECT_EQ(saved({"a", "b c"}, {}), "2 2\na 0.500000 -0.250000 \nb c 1.500000 -0.250000 \n") << "word2vec";
  EXPECT_EQ(saved({"a"}, {.header = false, .trailing_blank = false}), "a 0.500000 -0.250000\n") << "GloVe";
  EXPECT_EQ(saved({"a"}, {.trailing_blank = false, .digits = 0}), "1 2\na 0.5 -0.25\n");
}

TEST_F(WordVectorWriter, WritesBinary) {
  const std::string found = saved({"a"}, {.binary = true});
  EXPECT_EQ(found, std::string("1 2\na \x00\x00\x00\x3f\x00\x00\x80\xbe\n", 15));
}

TEST_F(WordVectorWriter, WordsThatWouldBeReadWronglyAreRefused) {
  EXPECT_THAT(saved({"b c"}, {.binary = true}), HasSubstr("'b c' cannot stand"));
  EXPECT_THAT(saved({"b\nc"}, {}), HasSubstr("cannot stand"));
  EXPECT_THAT(saved({""}, {}), HasSubstr("cannot stand"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "x")) << "nothing is left behind";
}

TEST_F(WordVectorWriter, WritesAMatrixWithItsVocabulary) {
  Context context;
  ASSERT_TRUE(save_word_matrix(folder_.path() / "x.npy", source({"a", "b c"}), context));
  const std::string npy = read_file(folder_.path() / "x.npy").value();
  EXPECT_EQ(npy.size(), 128u + 16);
  EXPECT_THAT(npy, HasSubstr("'shape': (2, 2)"));
  EXPECT_EQ(npy[127], '\n');
  EXPECT_EQ(npy.substr(128, 4), std::string("\x00\x00\x00\x3f", 4));
  EXPECT_EQ(read_file(folder_.path() / "x.vocabulary.txt").value(), "a\nb c\n");
}

}  // namespace
}  // namespace isogloss::formats
