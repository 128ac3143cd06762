// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe/bpe_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/wordpiece/wordpiece_trainer.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

WordCounts counted_words(std::initializer_list<std::pair<const char*, std::uint64_t>> words) {
  WordCounts counts;
  for (const auto& [word, count] : words) counts.add(word, count);
  return counts;
}

TrainedBpe train(const WordCounts& words, const BpeTraining& training) {
  Context context;
  return train_bpe(words, training, context).value();
}

// low x 5, lower x 2, newest x 6, widest x 3: the example of the paper, without its end-of-word mark. Pairs: es 9, st 9,
// then with "es" joined (e = 2 is the smaller id) est 9, lo 7, low 7.
TEST(BpeTrainer, LearnsTheMergesOfThePaper) {
  const WordCounts words = counted_words({{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}});
  BpeTraining training;
  training.vocabulary_size = 14;
  const TrainedBpe trained = train(words, training);
  // d=0 e=1 i=2 l=3 n=4 o=5 r=6 s=7 t=8 w=9
  EXPECT_THAT(trained.pieces, ElementsAre("d", "e", "i", "l", "n", "o", "r", "s", "t", "w", "es", "est", "lo", "low"));
  EXPECT_THAT(trained.merges, ElementsAre(Pair(1, 7), Pair(10, 8), Pair(3, 5), Pair(12, 9)));
}

TEST(BpeTrainer, SpecialTokensComeFirstAndTiesGoToSmallerIds) {
  BpeTraining training;
  training.special_tokens = {"<s>", "<s>", "b"};
  training.vocabulary_size = 5;
  training.min_frequency = 1;
  const TrainedBpe trained = train(counted_words({{"ab", 1}, {"ba", 1}}), training);
  // The character "b" is the token "b": its id 1 is smaller than that of "a", so "ba" comes before "ab".
  EXPECT_THAT(trained.pieces, ElementsAre("<s>", "b", "a", "ba", "ab"));
}

TEST(BpeTrainer, StopsAtTheLeastFrequency) {
  BpeTraining training;
  training.min_frequency = 3;
  EXPECT_THAT(train(counted_words({{"ab", 2}, {"cd", 3}}), training).pieces, ElementsAre("a", "b", "c", "d", "cd"));
}

TEST(BpeTrainer, PairsThatOverlapAreJoinedFromTheLeft) {
  BpeTraining training;
  training.vocabulary_size = 3;
  training.min_frequency = 1;
  EXPECT_THAT(train(counted_words({{"aaa", 1}}), training).pieces, ElementsAre("a", "aa", "aaa"));
}

TEST(BpeTrainer, PiecesHaveAtMostTheCharactersAskedFor) {
  BpeTraining training;
  training.max_characters = 3;
  const TrainedBpe trained = train(counted_words({{"abcdabcd", 9}, {"abcd", 4}}), training);
  for (const std::string& piece : trained.pieces) EXPECT_LE(piece.size(), 3u);
}

TEST(BpeTrainer, CharactersOutsideTheLimitedAlphabetVanish) {
  BpeTraining training;
  training.limit_alphabet = 2;
  training.vocabulary_size = 3;
  EXPECT_THAT(train(counted_words({{"axb", 5}, {"ab", 3}}), training).pieces, ElementsAre("a", "b", "ab"));
}

TEST(BpeTrainer, SaysWhenTheAlphabetDoesNotFit) {
  BpeTraining training;
  training.vocabulary_size = 3;
  training.special_tokens = {"<s>"};
  Context context;
  const auto trained = train_bpe(counted_words({{"abc", 1}}), training, context);
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().code, Code::invalid_argument);
  EXPECT_THAT(trained.error().message, HasSubstr("the 3 characters of the text and 1 special token take 4"));
}

TEST(WordPieceTrainer, MarksPiecesInsideWords) {
  BpeTraining training;
  training.special_tokens = {"[UNK]"};
  training.vocabulary_size = 8;
  Context context;
  const auto pieces = train_wordpiece(counted_words({{"tat", 4}, {"at", 3}}), training, context).value();
  // a=1 t=2 ##a=3 ##t=4; "t ##a" 4, "##a ##t" 4, "a ##t" 3: of equal counts the smaller ids, (2, 3) before (3, 4).
  EXPECT_THAT(pieces, ElementsAre("[UNK]", "a", "t", "##a", "##t", "ta", "tat", "at"));
}

}  // namespace
}  // namespace isogloss::tokens
