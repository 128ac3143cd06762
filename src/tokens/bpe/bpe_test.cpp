// SPDX-License-Identifier: Apache-2.0
#include "tokens/bpe/bpe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/utf8.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

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
    if (vocabulary.find(joined) == PieceTable::kNone)
      vocabulary.add(joined, static_cast<std::uint32_t>(vocabulary.size()));
    merges.push_back({vocabulary.find(left), vocabulary.find(right), vocabulary.find(joined),
                      static_cast<std::uint32_t>(merges.size())});
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

TEST(Bpe, AVocabularyWithoutPiecesFindsNone) {
  for (const bool byte_level : {false, true}) {
    BpeRules rules;
    rules.byte_level = byte_level;
    EXPECT_TRUE(pieces(*Example({}).make(rules), "ab").empty());
  }
}

TEST(Bpe, UnknownCharacters) {
  BpeRules rules;
  rules.unknown = "?";
  EXPECT_THAT(pieces(*Example({"?", "a"}).make(rules), "axxa"), testing::ElementsAre("a", "?", "?", "a"));
  rules.fuse_unknown = true;
  EXPECT_THAT(pieces(*Example({"?", "a"}).make(rules), "axxa"), testing::ElementsAre("a", "?", "a"));
  EXPECT_THAT(pieces(*Example({"a"}).make(), "axxa"), testing::ElementsAre("a", "a"));  // vanish, as in the library
  rules.byte_fallback = true;
  EXPECT_THAT(pieces(*Example({"?", "a", "<0xC3>", "<0xA9>"}).make(rules), "a\u00e9"),
              testing::ElementsAre("a", "<0xC3>", "<0xA9>"));
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

// The rule, word by word: join the lowest rank, of equal ones the leftmost, until no pair has one.
std::vector<std::uint32_t> joined_one_by_one(std::vector<std::uint32_t> ids, const std::vector<Merge>& merges) {
  while (true) {
    const Merge* best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = std::ranges::find_if(
          merges.rbegin(), merges.rend(), [&](const Merge& m) { return m.left == ids[i] && m.right == ids[i + 1]; });
      if (found == merges.rend() || (best != nullptr && best->rank <= found->rank)) continue;
      best = &*found;
      place = i;
    }
    if (best == nullptr) return ids;
    ids[place] = best->joined;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

enum class Ranking { by_number, by_piece, with_ties };

// A vocabulary of bytes and of random pieces made of shorter ones; the merges are every way to make a piece
// (Ranking::by_piece, as in rank files and SentencePiece) or one.
Example random_example(Ranking ranking, std::mt19937& random) {
  Example example({});
  for (int byte = 0; byte < 256; ++byte) {
    std::string character;
    utf8_append(character, byte_character(static_cast<char>(byte)));
    example.vocabulary.add(character, static_cast<std::uint32_t>(byte));
  }
  std::vector<std::string> pieces = {"a", "b", "c"};
  while (pieces.size() < 60) {
    const std::string piece = pieces[random() % pieces.size()] + pieces[random() % pieces.size()];
    if (piece.size() > 9 || example.vocabulary.find(piece) != PieceTable::kNone) continue;
    const auto id = static_cast<std::uint32_t>(example.vocabulary.size());
    example.vocabulary.add(piece, id);
    pieces.push_back(piece);
  }
  for (std::uint32_t id = 256; id < example.vocabulary.size(); ++id) {
    const std::string piece(example.vocabulary.piece(id));
    std::vector<Merge> ways;
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const std::uint32_t left = example.vocabulary.find(piece.substr(0, cut));
      const std::uint32_t right = example.vocabulary.find(piece.substr(cut));
      const std::uint32_t rank = ranking == Ranking::with_ties ? id / 4 : id;
      if (left != PieceTable::kNone && right != PieceTable::kNone) ways.push_back({left, right, id, rank});
    }
    if (ranking == Ranking::by_number) ways = {ways[random() % ways.size()]};
    example.merges.insert(example.merges.end(), ways.begin(), ways.end());
  }
  return example;
}

// With every byte a piece, merges that no text reaches are left out when the model is made.
TEST(Bpe, JoinsAsTheRuleSays) {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const auto ranking = static_cast<Ranking>(round % 3);
    Example example = random_example(ranking, random);
    const std::vector<Merge> merges = example.merges;
    BpeRules rules;
    rules.byte_level = round % 2 == 0;
    const auto model = example.make(rules);
    for (int i = 0; i < 50; ++i) {
      std::string word;
      for (std::size_t n = 1 + random() % 70; n > 0; --n) word.push_back("aaabbcd"[random() % 7]);
      const Word whole{0, static_cast<std::uint32_t>(word.size())};
      Pieces found;
      ASSERT_TRUE(model->encode(word, std::span(&whole, 1), found));
      std::vector<std::uint32_t> ids;
      for (const Piece& piece : found) ids.push_back(piece.id);
      std::vector<std::uint32_t> bytes;
      for (const char c : word) bytes.push_back(model->vocabulary().find(std::string_view(&c, 1)));
      ASSERT_EQ(ids, joined_one_by_one(bytes, merges)) << word;
    }
  }
}

}  // namespace
}  // namespace isogloss::tokens
