// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/analysis/analysis_test_support.hpp"

namespace isogloss::tokens {
namespace {

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  WordBuffer buffer;
  normalize_text(text, LowerCase::none, Accents::keep, Offsets::drop, buffer);
  WordPattern::compile(pattern).value()->split(buffer);
  std::vector<std::string> out;
  for (const WordRange range : buffer.words()) out.emplace_back(buffer.word(range));
  return out;
}

TEST(WordPattern, FindsMatchesAndGroups) {
  EXPECT_THAT(matches("[a-z]+", "ab-cd E"), testing::ElementsAre("ab", "cd"));
  EXPECT_THAT(matches("#(\\w+)", "#tag and #other"), testing::ElementsAre("tag", "other"));
  EXPECT_THAT(matches("x*", "axxb"), testing::ElementsAre("xx"));
}

TEST(WordPattern, TwoGroupsAreRefused) { EXPECT_FALSE(WordPattern::compile("(a)(b)")); }

TEST(RunPattern, KnowsThePatternsPeopleUse) {
  EXPECT_EQ(as_run_pattern("(?u)\\b\\w\\w+\\b")->min_length, 2u);
  EXPECT_EQ(as_run_pattern("\\w+")->min_length, 1u);
  EXPECT_EQ(as_run_pattern("\\b\\w\\w\\w+\\b")->min_length, 3u);
  EXPECT_EQ(as_run_pattern("\\S+")->char_class, CharClass::not_blank);
  for (const char* other : {"", "\\w", "[a-z]+", "\\b\\S+\\b", "\\w+\\b", "\\b\\b", "(\\w+)", "\\w*"}) {
    EXPECT_FALSE(as_run_pattern(other)) << other;
  }
}

// The hand-written matcher against the regular expression it stands for, on real text of many scripts and on all byte
// positions of block borders.
TEST(RunPattern, EqualsTheRegularExpressionOnRealText) {
  IG_REQUIRE_DATA(bitext, "eval/tatoeba_bitext");
  IG_REQUIRE_DATA(questions, "eval/xquad");
  std::vector<std::string> lines = lines_below(bitext, 200);
  for (std::string& line : lines_below(questions, 100)) lines.push_back(line.substr(0, 4000));
  for (std::size_t pad = 0; pad < 130; ++pad)
    lines.push_back(std::string(pad, 'x') + " \u00e9\u00e8a b\u4e2d\u6587-\u0e01 y");
  ASSERT_GT(lines.size(), 1000u);
  std::size_t words = 0;
  for (const char* pattern : {"\\b\\w\\w+\\b", "\\w+", "\\w\\w\\w+", "\\S+"}) {
    const RunPattern runs = as_run_pattern(pattern).value();
    const auto expression = WordPattern::compile(pattern).value();
    WordBuffer by_hand;
    WordBuffer by_expression;
    for (const std::string& line : lines) {
      normalize_text(line, LowerCase::full, Accents::keep, Offsets::drop, by_hand);
      normalize_text(line, LowerCase::full, Accents::keep, Offsets::drop, by_expression);
      split_runs(runs.char_class, runs.min_length, by_hand);
      expression->split(by_expression);
      ASSERT_EQ(by_hand.words().size(), by_expression.words().size()) << line;
      for (std::size_t i = 0; i < by_hand.words().size(); ++i) {
        ASSERT_EQ(by_hand.word(by_hand.words()[i]), by_expression.word(by_expression.words()[i])) << line;
      }
      words += by_hand.words().size();
    }
  }
  EXPECT_GT(words, 100000u);
}

}  // namespace
}  // namespace isogloss::tokens
