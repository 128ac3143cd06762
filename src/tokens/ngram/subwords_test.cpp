// SPDX-License-Identifier: Apache-2.0
#include "tokens/ngram/subwords.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;

std::vector<std::string> ngrams(std::string_view word, std::size_t minn, std::size_t maxn) {
  std::vector<std::string> out;
  Subwords(0, {minn, maxn, 1000}).each_ngram(word, [&](const Ngram& gram) {
    EXPECT_EQ(gram.hash, word_hash(gram.text));
    EXPECT_EQ(std::string(word.substr(gram.begin, gram.end - gram.begin)),
              std::string(gram.text.substr(gram.text.starts_with('<') ? 1 : 0, gram.end - gram.begin)));
    out.emplace_back(gram.text);
  });
  return out;
}

TEST(Subwords, WhereHasFiveOfThreeLetters) {
  EXPECT_THAT(ngrams("where", 3, 3), ElementsAre("<wh", "whe", "her", "ere", "re>"));
}

TEST(Subwords, ShortComeBeforeLongAndTheMarksAloneAreLeftOut) {
  EXPECT_THAT(ngrams("ab", 1, 2), ElementsAre("<a", "a", "ab", "b", "b>"));
  EXPECT_THAT(ngrams("a", 3, 6), ElementsAre("<a>"));
}

TEST(Subwords, CountCodePointsAndKeepBrokenBytesTogether) {
  EXPECT_THAT(ngrams("\xC3\xA9t", 2, 2), ElementsAre("<\xC3\xA9", "\xC3\xA9t", "t>"));
  EXPECT_THAT(ngrams("\x80\x80", 2, 2), ElementsAre("<\x80\x80>"));
}

// FNV-1a of one byte: (2166136261 xor byte) * 16777619; 0xC3 counts as 0xFFFFFFC3.
TEST(Subwords, BytesAreHashedAsSigned) {
  EXPECT_EQ(word_hash("a"), 0xE40C292CU);
  EXPECT_EQ(word_hash("\xC3"), (2166136261U ^ 0xFFFFFFC3U) * 16777619U);
}

TEST(Subwords, RunsOfWordsAreHashedInOrder) {
  const Subwords subwords(10, {0, 0, 1000});
  const std::vector<std::uint32_t> hashes{3, 5, 0xFFFFFFFFU};
  std::vector<std::uint32_t> rows;
  subwords.add_word_ngrams(hashes, 3, rows);
  const std::uint64_t m = 116049371;
  const auto minus_one = ~std::uint64_t{0};
  EXPECT_THAT(rows, ElementsAre(10 + (3 * m + 5) % 1000, 10 + ((3 * m + 5) * m + minus_one) % 1000,
                                10 + (5 * m + minus_one) % 1000));
}

TEST(Subwords, WhatWasLeftOutHasNoRow) {
  Subwords subwords(10, {3, 3, 1000});
  std::vector<std::uint32_t> rows;
  subwords.keep_only({{word_hash("her") % 1000, 4}});
  subwords.add_ngrams("where", rows);
  EXPECT_THAT(rows, ElementsAre(14));
}

TEST(Subwords, TheEndOfALineHasNone) { EXPECT_THAT(ngrams(kLineEnd, 3, 6), ElementsAre()); }

}  // namespace
}  // namespace isogloss::tokens
