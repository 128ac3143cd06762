// SPDX-License-Identifier: Apache-2.0
#include "tokens/unigram/unigram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tokens/normalize/sentencepiece.hpp"
#include "tokens/split/cut.hpp"

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

const Scored kPieces = {{"<unk>", 0}, {"a", 0},  {"b", 0},   {"c", 0},    {"d", 0},
                        {"cd", 1},    {"ab", 2}, {"abc", 5}, {"abcd", 10}};

TEST(Unigram, TakesTheCutWithTheHighestSum) {
  for (const ScoreType type : {ScoreType::f64, ScoreType::f32}) {
    const Unigram model = make(kPieces, {.unknown = 0, .score_type = type});
    EXPECT_THAT(cut(model, "abcd"), testing::ElementsAre("abcd"));                        // 10 beats 5 + 0
    EXPECT_THAT(cut(model, "acd"), testing::ElementsAre("a", "cd"));                      // 0 + 1
    EXPECT_THAT(cut(model, "abcdacdxx"), testing::ElementsAre("abcd", "a", "cd", "xx"));  // unknown neighbours join
  }
}

// SentencePiece's sums are floats; near 100,000 neighbours lie 1/128 apart. Where the sum goes beyond that it is taken
// off, so that what follows is told apart again: -9.997 for ab c from -10 for a bc.
TEST(Unigram, FloatsStartOverBeyondAHundredThousand) {
  const Unigram model = make({{"<unk>", -11}, {"x", -10}, {"ab", -5}, {"c", -4.997}, {"a", -5}, {"bc", -5}, {"b", -10}},
                             {.unknown = 0, .score_type = ScoreType::f32});
  const auto last_two = [&](std::size_t x) {
    std::vector<std::string> pieces = cut(model, std::string(x, 'x') + "abc");
    return std::vector<std::string>(pieces.end() - 2, pieces.end());
  };
  EXPECT_THAT(last_two(10), testing::ElementsAre("ab", "c"));
  EXPECT_THAT(last_two(9'990), testing::ElementsAre("a", "bc"));  // equal sums: the first one found stays
  EXPECT_THAT(last_two(10'001), testing::ElementsAre("ab", "c"));
}

TEST(Unigram, RememberedWordsAreCutAsTheFirstTime) {
  const Unigram model = make(kPieces, {.unknown = 0});
  const auto first = cut(model, "abcab");
  EXPECT_EQ(cut(model, "abcab"), first);
  EXPECT_THAT(first, testing::ElementsAre("abc", "ab"));
}

TEST(Unigram, UnknownCharactersBecomeBytesWhenTheVocabularyHasThem) {
  const Unigram model =
      make({{"<unk>", 0}, {"a", 0}, {"<0xC3>", 0}, {"<0xA9>", 0}}, {.unknown = 0, .byte_fallback = true});
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

TEST(Unigram, EndlessSumsStillGiveACut) {
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  for (const ScoreType type : {ScoreType::f64, ScoreType::f32}) {
    const Unigram model =
        make({{"<unk>", 0}, {"a", -kEndless}, {"b", kEndless}, {"ab", -kEndless}}, {.unknown = 0, .score_type = type});
    std::string all;
    for (const std::string& piece : cut(model, "abxabba")) all += piece;
    EXPECT_EQ(all, "abxabba");
  }
}

// ---- words whose marks are not written

const Scored kMarked = {{"<unk>", 0}, {"\u2581", -2},   {"a", -2.5}, {"b", -3},          {"\u2581a", -3},
                        {"ab", -3.5}, {"\u2581ab", -9}, {"ba", -4},  {"\u2581abba", -5}, {"\u00e9", -6}};

struct Placed {
  std::uint32_t id;
  PieceSpan span;
  bool operator==(const Placed&) const = default;
};

std::vector<Placed> placed(const AlignedText& text, const Pieces& pieces) {
  std::vector<Placed> out;
  for (const Piece& piece : pieces) out.push_back({piece.id, text.origin(piece.begin, piece.end)});
  return out;
}

std::string random_words(std::mt19937& random) {
  static constexpr std::string_view kParts[] = {"a", "b", "ab", "abba", " ", " ", "\u00e9", "x", "  "};
  std::string text;
  for (std::size_t n = 1 + random() % 12; n > 0; --n) text += kParts[random() % std::size(kParts)];
  return text;
}

TEST(Unigram, MarksThatAreNotWrittenGiveThePiecesOfThoseThatAre) {
  std::mt19937 random(4);
  const Unigram model = make(kMarked, {.unknown = 0});
  const SplitterPtr splitter = metaspace_splitter(U'\u2581', PrefixScheme::always, true);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = random_words(random);
    AlignedText source;
    source.view(text, 7);
    Pieces pieces;
    SplitState written;
    written.text = &source;
    written.words.assign(1, Word{0, static_cast<std::uint32_t>(text.size())});
    SplitState unwritten;
    unwritten.text = &source;
    unwritten.words = written.words;
    ASSERT_TRUE(splitter->apply(written));
    ASSERT_TRUE(model.encode(written.text->bytes(), written.words, pieces));
    const std::vector<Placed> expected = placed(*written.text, pieces);
    ASSERT_TRUE(splitter->apply_unwritten(unwritten));
    pieces.clear();
    ASSERT_TRUE(model.encode_unwritten(text, unwritten.words, MarkCovers::first_character, pieces));
    ASSERT_EQ(unwritten.text, &source);
    ASSERT_TRUE(placed(source, pieces) == expected) << text;
  }
}

TEST(Unigram, ThatHoldsForTheRunningSumOfSentencePieceToo) {
  std::mt19937 random(5);
  const Unigram model = make(kMarked, {.unknown = 0, .score_type = ScoreType::f32});
  ASSERT_TRUE(model.takes_unwritten());
  std::size_t plain = 0;
  for (const bool remove : {true, false}) {
    SentencePieceRules rules;
    rules.remove_extra_whitespaces = remove;
    const NormalizerPtr normalizer = sentencepiece_normalizer(Charsmap(), rules);
    for (int i = 0; i < 5000; ++i) {
      const std::string text = random_words(random);
      AlignedText source;
      source.view(text, 7);
      if (!normalizer->only_marks(text)) continue;
      ++plain;
      AlignedText written;
      ASSERT_TRUE(normalizer->apply(source, written));
      const Word whole{0, static_cast<std::uint32_t>(written.size())};
      Pieces pieces;
      ASSERT_TRUE(model.encode(written.bytes(), std::span(&whole, 1), pieces));
      const std::vector<Placed> expected = placed(written, pieces);
      Words words;
      cut_at_blanks(text, {0, static_cast<std::uint32_t>(text.size())}, words);
      pieces.clear();
      ASSERT_TRUE(model.encode_unwritten(text, words, MarkCovers::nothing, pieces));
      ASSERT_TRUE(placed(source, pieces) == expected) << text;
    }
  }
  EXPECT_GT(plain, 1000u);
  Scored inside = kMarked;
  inside.emplace_back("a\u2581b", -1);
  EXPECT_FALSE(make(inside, {.unknown = 0, .score_type = ScoreType::f32}).takes_unwritten());
}

}  // namespace
}  // namespace isogloss::tokens
