// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/test_support.hpp"
#include "isogloss/words.hpp"

namespace isogloss::vectors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// king = man + crown, queen = woman + crown in the plane; "zero" has no direction.
std::shared_ptr<WordModel> royal(const WordModelOptions& options = {}, std::vector<std::uint64_t> counts = {}) {
  tokens::WordMap words;
  for (const char* word : {"man", "woman", "king", "queen", "zero", "Rome"}) words.insert(word);
  std::vector<float> rows{1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 2, 2, 2};
  return std::make_shared<WordModel>(WordTable(std::move(words), std::move(rows), 3, std::move(counts)), options,
                                     WordModelInfo{"word2vec", "by hand", "", {}});
}

std::vector<float> embed(const WordModel& model, std::string_view text) {
  Context context;
  const Input input = Input::text(text);
  const Embedding embedding = model.embed({&input, 1}, {}, context).value();
  const auto row = embedding.dense.row_f32(0);
  return {row.begin(), row.end()};
}

WordSum sum(std::string_view text) { return parse_word_sum(text).value(); }

TEST(WordModel, ATextIsTheMeanOfTheWordsItKnows) {
  const auto model = royal();
  EXPECT_THAT(embed(*model, "man, woman"), ElementsAre(0.5F, 0.5F, 0));
  EXPECT_THAT(embed(*model, "Man nobody"), ElementsAre(1, 0, 0));  // lower case where the word as written is unknown
  EXPECT_THAT(embed(*model, "Rome"), ElementsAre(2, 2, 2));
  EXPECT_THAT(embed(*model, "nobody"), ElementsAre(0, 0, 0));
}

// shares 0.999 and 0.001 of 1,000 words: sif weights 0.001 / 1.000 and 0.001 / 0.002; idf -ln(share).
TEST(WordModel, RareWordsWeighMoreUnderSifAndIdf) {
  const std::vector<std::uint64_t> counts{999, 1, 0, 0, 0, 0};
  EXPECT_NEAR(embed(*royal({"sif", false}, counts), "man woman")[0], 0.001 / 1.000 / 2, 1e-6);
  EXPECT_NEAR(embed(*royal({"sif", false}, counts), "man woman")[1], 0.5 / 2, 1e-6);
  EXPECT_NEAR(embed(*royal({"idf", false}, counts), "man woman")[1], -std::log(0.001) / 2, 1e-5);
  const auto unit = embed(*royal({"mean", true}), "king queen");
  EXPECT_NEAR(unit[0] * unit[0] + unit[1] * unit[1] + unit[2] * unit[2], 1, 1e-6);
}

TEST(Words, TheSumIsOfUnitVectorsAndItsWordsAreNoAnswers) {
  Context context;
  const auto model = royal();
  const NearestWords found = nearest_words(*model, sum("king - man + woman"), 2, AnalogyRule::add, context).value();
  ASSERT_EQ(found.words.size(), 2U);
  EXPECT_EQ(found.words[0].word, "queen");
  // (1,0,1)/sqrt2 - (1,0,0) + (0,1,0) with (0,1,1)/sqrt2
  const double x = 1 / std::sqrt(2.0) - 1, y = 1, z = 1 / std::sqrt(2.0);
  EXPECT_NEAR(found.words[0].score, (y + z) / std::sqrt(2.0) / std::sqrt(x * x + y * y + z * z), 1e-6);
  EXPECT_THAT(found.excluded, ElementsAre("king", "woman", "man"));
  EXPECT_TRUE(found.unseen.empty());
  ASSERT_FALSE(found.would_be.empty());
  EXPECT_EQ(nearest_words(*model, sum("king - man + woman"), 1, AnalogyRule::multiply, context).value().words[0].word,
            "queen");
}

TEST(Words, TheOddOneIsFarthestFromTheMean) {
  const std::vector<std::string> list{"king", "queen", "Rome", "man"};
  EXPECT_EQ(odd_word(*royal(), list).value()[0].word, "man");
  EXPECT_NEAR(word_similarity(*royal(), "king", "queen").value(), 0.5, 1e-6);
  const std::vector<std::string> two{"king", "queen"};
  EXPECT_THAT(odd_word(*royal(), two).error().message, HasSubstr("three words"));
}

TEST(Words, MissingAndZeroVectorsAreNamed) {
  Context context;
  EXPECT_THAT(nearest_words(*royal(), sum("kingg - man"), 1, AnalogyRule::add, context).error().message,
              HasSubstr("Did you mean 'king'?"));
  EXPECT_THAT(nearest_words(*royal(), sum("king - zero"), 1, AnalogyRule::add, context).error().message,
              HasSubstr("the vector of 'zero' is zero"));
}

TEST(WordSum, IsReadAsPeoplePasteIt) {
  for (const char* text : {"king - man + woman", "\"king\" - \"man\" + \"woman\"",
                           "\u201cking\u201d \u2013 \u201cman\u201d + \u201cwoman\u201d", "king \u2212 man + woman",
                           "'king'-'man'+'woman'", "+ king - man + woman", "- man + king + woman"}) {
    const WordSum read = sum(text);
    EXPECT_THAT(read.plus, ElementsAre("king", "woman")) << text;
    EXPECT_THAT(read.minus, ElementsAre("man")) << text;
  }
  std::string ignored;
  EXPECT_THAT(parse_word_sum("king - man + woman = queen", &ignored).value().minus, ElementsAre("man"));
  EXPECT_EQ(ignored, "queen");
  EXPECT_TRUE(sum("well-known").is_word());
  EXPECT_THAT(sum("well-known + c++").plus, ElementsAre("well-known", "c++"));
  EXPECT_THAT(sum("don't").plus, ElementsAre("don't"));
  EXPECT_THAT(sum("-").plus, ElementsAre("-"));
  for (const char* text : {"", "  ", "king -", "king + - man", "king * man"})
    EXPECT_FALSE(parse_word_sum(text)) << text;
}

TEST(WordModel, SavedFoldersOpenWithTheSameRows) {
  const TemporaryFolder folder;
  Context context;
  const auto model = royal({}, {5, 4, 3, 2, 1, 1});
  ASSERT_TRUE(model->save(folder.path() / "w", context));
  const FileSet files = FileSet::open(folder.path() / "w").value();
  const ModelPtr again = load_word_model(files, "word2vec", {}, context).value();
  EXPECT_EQ(again->card().space_id, model->card().space_id);
  const auto& words = static_cast<const WordModel&>(*again);
  EXPECT_TRUE(std::ranges::equal(words.table().rows(), model->table().rows()));
  EXPECT_TRUE(std::ranges::equal(words.table().counts(), model->table().counts()));
}

}  // namespace
}  // namespace isogloss::vectors
