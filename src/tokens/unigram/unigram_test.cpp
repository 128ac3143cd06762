// SPDX-License-Identifier: Apache-2.0
#include "tokens/unigram/unigram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss::tokens {
namespace {

using Scored = std::vector<std::pair<std::string_view, double>>;

Unigram make(const Scored& pieces, UnigramRules rules) {
  Vocabulary vocabulary;
  std::vector<double> scores;
  for (const auto& [piece, score] : pieces) {
    vocabulary.add(piece, static_cast<std::uint32_t>(scores.size()));
    scores.push_back(score);
  }
  return Unigram(std::move(vocabulary), std::move(scores), {}, rules);
}

std::vector<std::string> cut(const Unigram& model, std::string_view text) {
  const Word whole{0, static_cast<std::uint32_t>(text.size())};
  Pieces pieces;
  EXPECT_TRUE(model.encode(text, std::span(&whole, 1), pieces));
  std::vector<std::string> out;
  for (const Piece& piece : pieces) out.emplace_back(text.substr(piece.begin, piece.end - piece.begin));
  return out;
}

const Scored kPieces = {{"<unk>", 0}, {"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}, {"cd", 1}, {"ab", 2}, {"abc", 5}, {"abcd", 10}};

TEST(Unigram, TakesTheCutWithTheHighestSum) {
  for (const ScoreType type : {ScoreType::f64, ScoreType::f32}) {
    const Unigram model = make(kPieces, {.unknown = 0, .score_type = type});
    EXPECT_THAT(cut(model, "abcd"), testing::ElementsAre("abcd"));             // 10 beats 5 + 0
    EXPECT_THAT(cut(model, "acd"), testing::ElementsAre("a", "cd"));           // 0 + 1
    EXPECT_THAT(cut(model, "abcdacdxx"), testing::ElementsAre("abcd", "a", "cd", "xx"));  // unknown neighbours join
  }
}

TEST(Unigram, RememberedWordsAreCutAsTheFirstTime) {
  const Unigram model = make(kPieces, {.unknown = 0});
  const auto first = cut(model, "abcab");
  EXPECT_EQ(cut(model, "abcab"), first);
  EXPECT_THAT(first, testing::ElementsAre("abc", "ab"));
}

TEST(Unigram, UnknownCharactersBecomeBytesWhenTheVocabularyHasThem) {
  const Unigram model = make({{"<unk>", 0}, {"a", 0}, {"<0xC3>", 0}, {"<0xA9>", 0}}, {.unknown = 0, .byte_fallback = true});
  EXPECT_THAT(cut(model, "a\u00e9"), testing::ElementsAre("a", "\u00e9", "\u00e9"));
}

TEST(Unigram, WithoutAnUnknownTokenTheCharacterIsNamed) {
  const Unigram model = make({{"a", 0}}, {});
  const Word whole{0, 2};
  Pieces pieces;
  const Status status = model.encode("ax", std::span(&whole, 1), pieces);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("'x'"), std::string::npos);
}

}  // namespace
}  // namespace isogloss::tokens
