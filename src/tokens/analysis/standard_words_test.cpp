// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/analysis/analysis_test_support.hpp"
#include "tokens/analysis/word_buffer.hpp"

namespace isogloss::tokens {
namespace {

std::vector<std::string> standard(std::string_view text) {
  WordBuffer buffer;
  normalize_text(text, LowerCase::none, Accents::keep, Offsets::drop, buffer);
  split_standard(buffer);
  std::vector<std::string> out;
  for (const WordRange range : buffer.words()) out.emplace_back(buffer.word(range));
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

// Examples of UAX #29, section 4 and of Lucene's TestStandardAnalyzer.
TEST(StandardWords, KeepApostrophesAndNumbersWhole) {
  EXPECT_THAT(standard("The quick (\"brown\") fox can't jump 32.3 feet, right?"),
              ElementsAre("The", "quick", "brown", "fox", "can't", "jump", "32.3", "feet", "right"));
  EXPECT_THAT(standard("O'Reilly's AT&T 192.168.1.1 a1b2 1a 2.b $5,000.00 x:y"),
              ElementsAre("O'Reilly's", "AT", "T", "192.168.1.1", "a1b2", "1a", "2", "b", "5,000.00", "x:y"));
  EXPECT_THAT(standard("_ __ _a a_ a__b ._. 'tis"), ElementsAre("_a", "a_", "a__b", "tis"));
}

TEST(StandardWords, IdeographsStandAloneAndKatakanaTogether) {
  EXPECT_THAT(standard("\u6211\u662f\u4e2d\u56fd\u4eba Tests"),
              ElementsAre("\u6211", "\u662f", "\u4e2d", "\u56fd", "\u4eba", "Tests"));
  EXPECT_THAT(standard("\u30ab\u30bf\u30ab\u30ca\u3072\u3089"),
              ElementsAre("\u30ab\u30bf\u30ab\u30ca", "\u3072", "\u3089"));
  EXPECT_THAT(standard("\uc548\ub155\ud558\uc138\uc694 \ud55c\uae00"),
              ElementsAre("\uc548\ub155\ud558\uc138\uc694", "\ud55c\uae00"));
}

TEST(StandardWords, SouthEastAsianRunsStayWhole) {
  EXPECT_THAT(standard("\u0e01\u0e32\u0e23\u0e17\u0e35\u0e48 ok"),
              ElementsAre("\u0e01\u0e32\u0e23\u0e17\u0e35\u0e48", "ok"));
}

TEST(StandardWords, MarksStayWithTheirLetterAndQuotesOfHebrewJoin) {
  EXPECT_THAT(standard("cafe\u0301s \u05d0\"\u05d1"), ElementsAre("cafe\u0301s", "\u05d0\"\u05d1"));
}

TEST(StandardWords, EmojiSequencesAreWords) {
  EXPECT_THAT(standard("\U0001F469\u200D\U0001F4BB \U0001F1E9\U0001F1EA \U0001F44D\U0001F3FD \u00a9"),
              ElementsAre("\U0001F469\u200D\U0001F4BB", "\U0001F1E9\U0001F1EA", "\U0001F44D\U0001F3FD"));
}

// The ASCII way and the general way must agree: a trailing character outside ASCII forces the second.
TEST(StandardWords, ShortWayForAsciiEqualsTheGeneralWay) {
  const std::string alphabet = "aB1_.,;:' \"-";
  std::size_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += alphabet[(state >> 33) % alphabet.size()];
    }
    ASSERT_EQ(standard(text), standard(text + " \u00a9")) << text;
  }
}

}  // namespace
}  // namespace isogloss::tokens
