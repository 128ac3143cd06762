// SPDX-License-Identifier: Apache-2.0
// Expressions of tokenizer files. Expected matches are Oniguruma's as tokenizers 0.23.3 has it; more of them are asked
// by tests/differential/tokens_made_test.py.
#include "tokens/pipeline/regex.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/utf8.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/regex_syntax.hpp"

namespace isogloss::tokens {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern, "t.json: p");
  EXPECT_TRUE(regex) << regex.error().message;
  std::vector<std::string> out;
  if (!regex) return out;
  const auto found = [&](std::size_t begin, std::size_t end) { out.emplace_back(text.substr(begin, end - begin)); };
  const Status status = (*regex)->each_match(text, found, [](std::size_t at) { return at; });
  EXPECT_TRUE(status) << status.error().message;
  return out;
}

TEST(Regex, FindsMatchesFromLeftToRight) {
  EXPECT_THAT(matches("[0-9]+|b", "a12b3"), ElementsAre("12", "b", "3"));
  EXPECT_THAT(matches("x*", "ax"), ElementsAre("", "x", ""));
}

TEST(Regex, AnExplodingExpressionIsAnErrorThatNamesItAndThePlace) {
  const auto regex = Regex::compile("(?:a+)+b", "t.json: pre_tokenizer.pattern.Regex");
  ASSERT_TRUE(regex);
  const std::string text = "ab " + std::string(60, 'a') + "c b";
  int found = 0;
  const Status status =
      (*regex)->each_match(text, [&](std::size_t, std::size_t) { ++found; }, [](std::size_t at) { return at + 100; });
  ASSERT_FALSE(status);
  EXPECT_EQ(found, 1);  // "ab"
  EXPECT_EQ(status.error().code, Code::unsupported);
  EXPECT_THAT(status.error().message, AllOf(HasSubstr("'(?:a+)+b'"), HasSubstr("t.json: pre_tokenizer.pattern.Regex"),
                                            HasSubstr("more than 10000000 steps at byte 102 of the text")));
}

TEST(Regex, ALongMatchThatOutgrowsTheStackOfCompiledCodeIsStillFound) {
  EXPECT_EQ(matches("(?:a|b)+c", std::string(200'000, 'a') + "c").size(), 1u);
}

// Every general category, over all characters there are: PCRE2 has those of an older Unicode.
TEST(RegexSyntax, CategoriesAreThoseOfUnicode16) {
  std::string all;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) utf8_append(all, c);
  }
  const auto count = [&](auto&& belongs) {
    std::size_t n = 0;
    for (char32_t c = 0; c < 0x110000; ++c) n += (c < 0xD800 || c > 0xDFFF) && belongs(reference_category(c));
    return n;
  };
  const auto is = [](Category first, Category last) { return [=](Category c) { return c >= first && c <= last; }; };
  EXPECT_EQ(matches("\\p{L}", all).size(), count(is(Category::lu, Category::lo)));
  EXPECT_EQ(matches("\\P{L}", all).size(), count([&](Category c) { return !is(Category::lu, Category::lo)(c); }));
  EXPECT_EQ(matches("[\\p{Lo}x]", all).size(), count(is(Category::lo, Category::lo)) + 1);
  EXPECT_EQ(matches("\\p{Cn}", all).size(), count(is(Category::cn, Category::cn)));
  EXPECT_EQ(matches("[\\P{N}]", all).size(), count([&](Category c) { return !is(Category::nd, Category::no)(c); }));
  EXPECT_EQ(matches("\\w", all).size(), 144'671u);  // asked of the library
  EXPECT_EQ(matches("[[:word:]]", all).size(), 144'665u);
  EXPECT_EQ(matches("\\W", all).size(), 967'393u);
  EXPECT_EQ(matches("[^\\W]", all).size(), 144'665u);  // in a class without the six of Latin-1, as [:word:]
  EXPECT_EQ(matches("\\s", all).size(), 25u);
  EXPECT_EQ(matches("[[:punct:]]", all).size(), 9'369u);
}

TEST(RegexSyntax, WhatRubysSyntaxMeansByTheSameText) {
  EXPECT_THAT(matches("^a", "b\na"), ElementsAre("a"));
  EXPECT_THAT(matches("(?m)a.b|(?m:c.)", "a\nbc\n"), ElementsAre("a\nb", "c\n"));
  EXPECT_THAT(matches("a{,2}", "aaa"), ElementsAre("aa", "a", ""));
  EXPECT_THAT(matches("\\p{N}{1,3}+", "1234567"), ElementsAre("1234567"));
  EXPECT_THAT(matches("(?:ab){2}+", "abababab"), ElementsAre("abababab"));
  EXPECT_THAT(matches("\\h+", "0xfFg"), ElementsAre("0", "fF"));
  EXPECT_THAT(matches("\\u0041\\x42", "AB"), ElementsAre("AB"));
  EXPECT_THAT(matches("[^a[bc ]]+", "abxyc z"), ElementsAre("xy", "z"));
  EXPECT_THAT(matches("\\bfoo\\b", "foo\u0301 foo"), ElementsAre("foo"));
  EXPECT_THAT(matches("[]a]+", "]a"), ElementsAre("]a"));
  EXPECT_THAT(pcre_syntax("[a-z&&[^b]]").error().message, HasSubstr("intersections"));
  EXPECT_EQ(pcre_syntax("[a[^b]]").error().code, Code::unsupported);
  EXPECT_THAT(Regex::compile("a(", "t").error().message, HasSubstr("'a(' is no regular expression"));
}

}  // namespace
}  // namespace isogloss::tokens
