// SPDX-License-Identifier: Apache-2.0
#include "tokens/unigram/unigram_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/random.hpp"
#include "tokens/unigram/seed_pieces.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WordCounts counted_words(std::initializer_list<std::pair<const char*, std::uint64_t>> words) {
  WordCounts counts;
  for (const auto& [word, count] : words) counts.add(word, count);
  return counts;
}

std::vector<std::string> texts_of(const ScoredPieces& pieces) {
  std::vector<std::string> out;
  for (const auto& [text, score] : pieces) out.push_back(text);
  return out;
}

// abc, abd: "ab" stands in two places with c and d behind it; "b" as well, but one character is no substring. c, d
// stand once. Score of "ab" 2 x 2 = 4, of the characters their counts in the corpus.
TEST(SeedPieces, AreCharactersAndBranchingSubstrings) {
  const WordCounts words = counted_words({{"abc", 5}, {"abd", 1}});
  const ScoredPieces seeds = seed_pieces(words, words.ranked(), {}, {});
  EXPECT_THAT(texts_of(seeds), ElementsAre("b", "a", "c", "d", "ab"));
  EXPECT_NEAR(seeds[0].second, std::log(6.0 / 22.0), 1e-12);
  EXPECT_NEAR(seeds[4].second, std::log(4.0 / 22.0), 1e-12);
}

TEST(SeedPieces, AreAllSubstringsWithTwoContinuations) {
  Random random(7);
  WordCounts words;
  for (int i = 0; i < 300; ++i) {
    std::string word;
    for (std::size_t n = 1 + random.bounded(12); n > 0; --n) word.push_back(static_cast<char>('a' + random.bounded(3)));
    words.add(word);
  }
  UnigramTraining training;
  training.max_characters = 4;
  std::map<std::string, std::multiset<char>> followers;  // of every substring; 0 = end of a word
  for (std::size_t w = 0; w < words.size(); ++w) {
    const std::string word(words.word(w));
    for (std::size_t begin = 0; begin < word.size(); ++begin) {
      for (std::size_t n = 2; n <= 4 && begin + n <= word.size(); ++n)
        followers[word.substr(begin, n)].insert(word.c_str()[begin + n]);
    }
  }
  std::map<std::string, double> expected;
  for (const auto& [text, next] : followers) {
    if (*next.begin() != *next.rbegin()) expected[text] = static_cast<double>(next.size() * text.size());
  }
  const ScoredPieces seeds = seed_pieces(words, words.ranked(), training, {});
  ASSERT_EQ(seeds.size(), expected.size() + 3);
  const double scale = seeds[3].second - std::log(expected.at(seeds[3].first));
  for (std::size_t i = 3; i < seeds.size(); ++i) {
    ASSERT_TRUE(expected.contains(seeds[i].first)) << seeds[i].first;
    EXPECT_NEAR(seeds[i].second, std::log(expected[seeds[i].first]) + scale, 1e-9) << seeds[i].first;
  }
}

TEST(Digamma, EqualsKnownValues) {
  EXPECT_NEAR(digamma(1), -0.57721566490153286, 1e-10);
  EXPECT_NEAR(digamma(0.5), -1.96351002602142347, 1e-10);
  EXPECT_NEAR(digamma(100), 4.60016185273295010, 1e-10);
}

TEST(UnigramTrainer, FindsThePartsThatWordsAreMadeOf) {
  WordCounts words;
  const std::vector<std::string> stems = {"walk", "talk", "jump", "play"};
  const std::vector<std::string> ends = {"ing", "ed", "s", ""};
  for (const std::string& stem : stems) {
    for (const std::string& end : ends) words.add(stem + end, 20);
  }
  UnigramTraining training;
  training.vocabulary_size = 24;
  training.special_tokens = {"<unk>"};
  Context context;
  const ScoredPieces pieces = train_unigram(words, training, context).value();
  EXPECT_EQ(pieces[0], (std::pair<std::string, double>("<unk>", 0.0)));
  const std::vector<std::string> texts = texts_of(pieces);
  EXPECT_THAT(texts, testing::IsSupersetOf({"jump", "play", "walk", "talk"}));
  for (std::size_t i = 2; i < pieces.size(); ++i) EXPECT_GE(pieces[i - 1].second, pieces[i].second);
}

TEST(UnigramTrainer, CutsWordsOfThousandsOfCharacters) {
  WordCounts words;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + (i * i + i / 7) % 26);
  words.add(text, 3);
  UnigramTraining training;
  training.vocabulary_size = 100;
  Context context;
  const ScoredPieces pieces = train_unigram(words, training, context).value();
  for (const auto& [piece, score] : pieces) {
    EXPECT_TRUE(std::isfinite(score)) << piece;
    EXPECT_LE(score, 0) << piece;
  }
}

TEST(UnigramTrainer, IsTheSameForAnyNumberOfThreads) {
  Random random(3);
  WordCounts words;
  for (int i = 0; i < 3000; ++i) {
    std::string word;
    for (std::size_t n = 1 + random.bounded(10); n > 0; --n) word.push_back(static_cast<char>('a' + random.bounded(6)));
    words.add(word, 1 + random.bounded(20));
  }
  UnigramTraining training;
  training.vocabulary_size = 200;
  std::vector<ScoredPieces> seen;
  for (const std::size_t threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    seen.push_back(train_unigram(words, training, context).value());
  }
  EXPECT_EQ(seen[0].size(), 200u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(UnigramTrainer, SaysWhenTheCharactersDoNotFit) {
  UnigramTraining training;
  training.vocabulary_size = 3;
  training.special_tokens = {"<unk>"};
  Context context;
  const auto trained = train_unigram(counted_words({{"abc", 1}}), training, context);
  ASSERT_FALSE(trained);
  EXPECT_THAT(trained.error().message, HasSubstr("the 3 characters of the text"));
}

}  // namespace
}  // namespace isogloss::tokens
