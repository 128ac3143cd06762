// SPDX-License-Identifier: Apache-2.0
#include "model/ngram/ngram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

std::vector<std::string> names(const Model& model) {
  const Vocabulary& words = *model.ability<Vocabulary>();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.word_count(); ++i) out.emplace_back(words.word(i));
  return out;
}

TEST(Ngram, OrderOfWordsCounts) {
  const auto model = train_on(ngram_family(), {"dog bites man", "man bites dog"}).value();
  EXPECT_THAT(names(*model), testing::ElementsAre("bites dog", "bites man", "dog bites", "man bites"));
  const auto rows = embed_texts(*model, {"dog bites man", "man bites dog"});
  EXPECT_EQ(dot(rows.sparse.row_sparse(0), rows.sparse.row_sparse(1)), 0.0);
}

TEST(Ngram, PrefixesComeBeforeTheirExtensions) {
  const auto model = train_on(ngram_family(), {"aa bb cc", "aa aab"}, {{"ngram_range", std::string("1-3")}}).value();
  EXPECT_THAT(names(*model), testing::ElementsAre("aa", "aa aab", "aa bb", "aa bb cc", "aab", "bb", "bb cc", "cc"));
}

TEST(Ngram, StopWordsAreLeftOutBeforePairsAreMade) {
  const auto model = train_on(ngram_family(), {"cats of war"}, {{"stop_words", std::string("english")}}).value();
  EXPECT_THAT(names(*model), testing::ElementsAre("cats war"));
}

TEST(Ngram, UnknownWordsBreakAPair) {
  const auto model = train_on(ngram_family(), {"cats war"}).value();
  EXPECT_TRUE(embed_texts(*model, {"cats zebra war"}).sparse.row_sparse(0).columns.empty());
}

TEST(Ngram, CharactersInWordsArePaddedByBlanks) {
  const auto model =
      train_on(ngram_family(), {"ab c"}, {{"unit", std::string("char_wb")}, {"ngram_range", std::string("3-4")}})
          .value();
  EXPECT_THAT(names(*model), testing::ElementsAre(" ab", " ab ", " c ", "ab "));
}

}  // namespace
}  // namespace isogloss::model
