// SPDX-License-Identifier: Apache-2.0
#include "tokens/wordpiece/wordpiece.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss::tokens {
namespace {

std::unique_ptr<WordPiece> make(std::initializer_list<std::string_view> pieces, const WordPieceRules& rules = {}) {
  Vocabulary vocabulary;
  std::uint32_t id = 0;
  for (const std::string_view piece : pieces) vocabulary.add(piece, id++);
  return *WordPiece::make(std::move(vocabulary), rules);
}

std::vector<std::uint32_t> ids(const WordPiece& model, std::string_view word) {
  const Word whole{0, static_cast<std::uint32_t>(word.size())};
  Pieces pieces;
  EXPECT_TRUE(model.encode(word, std::span(&whole, 1), pieces));
  std::vector<std::uint32_t> out;
  for (const Piece& piece : pieces) out.push_back(piece.id);
  return out;
}

TEST(WordPiece, TakesTheLongestPieceThenTheLongestContinuation) {
  const auto model = make({"[UNK]", "un", "##aff", "##able", "##ab", "unaff"});
  EXPECT_THAT(ids(*model, "unaffable"), testing::ElementsAre(5, 3));  // unaff ##able, not un ##aff ##able
  EXPECT_THAT(ids(*model, "un"), testing::ElementsAre(1));
}

TEST(WordPiece, AWordThatGetsStuckIsUnknownAsAWhole) {
  const auto model = make({"[UNK]", "un", "##aff"});
  EXPECT_THAT(ids(*model, "unaffable"), testing::ElementsAre(0));
}

TEST(WordPiece, AWordOfTooManyCharactersIsUnknown) {
  const auto model = make({"[UNK]", "\u00e9", "##\u00e9"}, {"[UNK]", "##", 3});
  EXPECT_THAT(ids(*model, "\u00e9\u00e9\u00e9"), testing::ElementsAre(1, 2, 2));
  EXPECT_THAT(ids(*model, "\u00e9\u00e9\u00e9\u00e9"), testing::ElementsAre(0));
}

TEST(WordPiece, AVocabularyWithoutTheUnknownTokenIsRefused) {
  Vocabulary vocabulary;
  vocabulary.add("a", 0);
  const auto model = WordPiece::make(std::move(vocabulary), {});
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("[UNK]"), std::string::npos);
}

}  // namespace
}  // namespace isogloss::tokens
