// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe/bpe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace isogloss::tokens {
namespace {

struct Example {
  Vocabulary vocabulary;
  std::vector<Merge> merges;

  explicit Example(std::initializer_list<std::string_view> characters) {
    for (const std::string_view c : characters) vocabulary.add(c, static_cast<std::uint32_t>(vocabulary.size()));
  }
  void merge(std::string_view left, std::string_view right) {
    const std::string joined = std::string(left) + std::string(right);
    if (vocabulary.find(joined) == PieceTable::kNone) vocabulary.add(joined, static_cast<std::uint32_t>(vocabulary.size()));
    merges.push_back({vocabulary.find(left), vocabulary.find(right), vocabulary.find(joined), static_cast<std::uint32_t>(merges.size())});
  }
  std::unique_ptr<Bpe> make(const BpeRules& rules = {}) { return *Bpe::make(std::move(vocabulary), merges, rules); }
};

std::vector<std::string> pieces(const Bpe& model, std::string_view word) {
  const Word whole{0, static_cast<std::uint32_t>(word.size())};
  Pieces found;
  EXPECT_TRUE(model.encode(word, std::span(&whole, 1), found));
  std::vector<std::string> out;
  for (const Piece& piece : found) out.emplace_back(model.vocabulary().piece(piece.id));
  return out;
}

TEST(Bpe, JoinsTheLowestRankFirst) {
  Example example({"a", "b", "c", "d"});
  example.merge("b", "c");
  example.merge("a", "b");
  example.merge("bc", "d");
  const auto model = example.make();
  EXPECT_THAT(pieces(*model, "abcd"), testing::ElementsAre("a", "bcd"));  // bc before ab
  EXPECT_THAT(pieces(*model, "ab"), testing::ElementsAre("ab"));
}

TEST(Bpe, AVocabularyEntryThatMergesDoNotReachIsNotUsed) {
  Example example({"a", "b"});
  example.vocabulary.add("ab", 2);
  EXPECT_THAT(pieces(*example.make(), "ab"), testing::ElementsAre("a", "b"));
  Example ignoring({"a", "b"});
  ignoring.vocabulary.add("ab", 2);
  BpeRules rules;
  rules.ignore_merges = true;
  EXPECT_THAT(pieces(*ignoring.make(rules), "ab"), testing::ElementsAre("ab"));
}

TEST(Bpe, UnknownCharacters) {
  BpeRules rules;
  rules.unknown = "?";
  EXPECT_THAT(pieces(*Example({"?", "a"}).make(rules), "axxa"), testing::ElementsAre("a", "?", "?", "a"));
  rules.fuse_unknown = true;
  EXPECT_THAT(pieces(*Example({"?", "a"}).make(rules), "axxa"), testing::ElementsAre("a", "?", "a"));
  EXPECT_THAT(pieces(*Example({"a"}).make(), "axxa"), testing::ElementsAre("a", "a"));  // vanish, as in the library
  rules.byte_fallback = true;
  EXPECT_THAT(pieces(*Example({"?", "a", "<0xC3>", "<0xA9>"}).make(rules), "a\u00e9"), testing::ElementsAre("a", "<0xC3>", "<0xA9>"));
}

TEST(Bpe, TheEndOfAWordIsMarked) {
  Example example({"a", "t", "t</w>"});
  example.merge("a", "t</w>");
  BpeRules rules;
  rules.end_suffix = "</w>";
  const auto model = example.make(rules);
  EXPECT_THAT(pieces(*model, "at"), testing::ElementsAre("at</w>"));
  EXPECT_THAT(pieces(*model, "tat"), testing::ElementsAre("t", "at</w>"));
}

// Long words go through a heap, short ones through a row of ranks: a long word cut at places that no merge can cross
// must give the same pieces either way.
TEST(Bpe, LongAndShortWordsAreJoinedAlike) {
  Example example({"a", "b", "c", "|"});
  example.merge("a", "b");
  example.merge("ab", "c");
  example.merge("b", "c");
  example.merge("c", "a");
  example.merge("bc", "a");
  const auto model = example.make();
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    std::vector<std::string> expected;
    for (int part = 0; part < 12; ++part) {
      std::string word;
      for (std::size_t n = 1 + random() % 9; n > 0; --n) word.push_back("abc"[random() % 3]);
      for (const std::string& piece : pieces(*model, word)) expected.push_back(piece);
      expected.emplace_back("|");
      text += word + "|";
    }
    ASSERT_EQ(pieces(*model, text), expected) << text;
  }
}

}  // namespace
}  // namespace isogloss::tokens
