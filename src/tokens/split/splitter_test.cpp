// SPDX-License-Identifier: Apache-2.0
#include "tokens/split/splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/utf8.hpp"
#include "tokens/pipeline/regex.hpp"
#include "tokens/split/known_patterns.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(const Splitter& splitter, std::string_view text) {
  AlignedText whole;
  whole.view(text, 0);
  SplitState state;
  state.text = &whole;
  state.words.assign(1, Word{0, static_cast<std::uint32_t>(text.size())});
  EXPECT_TRUE(splitter.apply(state));
  std::vector<std::string> out;
  for (const Word word : state.words) out.emplace_back(state.text->bytes().substr(word.begin, word.end - word.begin));
  return out;
}

TEST(Splitter, EachWayToTreatADelimiter) {
  const auto cut = [](Delimiter delimiter) {
    return split(*literal_splitter("-", delimiter, false), "the-final--countdown");
  };
  EXPECT_THAT(cut(Delimiter::removed), ElementsAre("the", "final", "countdown"));
  EXPECT_THAT(cut(Delimiter::isolated), ElementsAre("the", "-", "final", "-", "-", "countdown"));
  EXPECT_THAT(cut(Delimiter::merged_with_previous), ElementsAre("the-", "final-", "-", "countdown"));
  EXPECT_THAT(cut(Delimiter::merged_with_next), ElementsAre("the", "-final", "-", "-countdown"));
  EXPECT_THAT(cut(Delimiter::contiguous), ElementsAre("the", "-", "final", "--", "countdown"));
}

TEST(Splitter, WordsOfEachRule) {
  EXPECT_THAT(split(*bert_splitter(), "it's \u4f60\u3002ok"), ElementsAre("it", "'", "s", "\u4f60", "\u3002", "ok"));
  EXPECT_THAT(split(*word_splitter(), "it's 3.5 "), ElementsAre("it", "'", "s", "3", ".", "5"));
  EXPECT_THAT(split(*white_space_splitter(), " a\u3000b "), ElementsAre("a", "b"));
  EXPECT_THAT(split(*digits_splitter(true), "a12"), ElementsAre("a", "1", "2"));
  EXPECT_THAT(split(*digits_splitter(false), "a12"), ElementsAre("a", "12"));
  EXPECT_THAT(split(*fixed_length_splitter(2), "ab\u00e9d!"), ElementsAre("ab", "\u00e9d", "!"));
  EXPECT_THAT(split(*scripts_splitter(), "any\u3069 is \u6f22"), ElementsAre("any", "\u3069 ", "is ", "\u6f22"));
  EXPECT_THAT(split(*metaspace_splitter(U'\u2581', PrefixScheme::always, true), "Hi you"),
              ElementsAre("\u2581Hi", "\u2581you"));
  EXPECT_THAT(split(*byte_level_splitter({}), "Hi you"), ElementsAre(" Hi", " you"));
}

TEST(Splitter, MetaspaceKeepsThePlaceOfEveryWord) {
  AlignedText whole;
  whole.view("Hi  you", 0);
  SplitState state;
  state.text = &whole;
  state.words.assign(1, Word{0, 7});
  ASSERT_TRUE(metaspace_splitter(U'\u2581', PrefixScheme::always, true)->apply(state));
  ASSERT_EQ(state.words.size(), 3u);  // "_Hi", "_", "_you"
  EXPECT_EQ(state.text->origin(state.words[2].begin, state.words[2].end), (PieceSpan{3, 7}));
}

// Every matcher written by hand against PCRE2 on texts of the characters that its alternatives speak of.
TEST(KnownPatterns, AreEqualToTheRegularExpression) {
  static constexpr char32_t kSome[] = {U'a',   U's',    U'S',  U't', U'L',  U'l',  U'd',  U'r',   U'e',
                                       U'v',   U'm',    U'\'', U' ', U' ',  U'\n', U'\r', U'\t',  U'1',
                                       U'2',   U'.',    U'/',  U'-', 0xE9,  0xC9,  0x301, 0x4E2D, 0x2B0,
                                       0x3000, 0x1F600, 0x17F, 0xBD, 0x1C5, 0x93E, U'<',  U'|'};
  std::mt19937 random(5);
  for (const std::string_view name : {"gpt2", "r50k", "cl100k", "llama3", "qwen2", "o200k", "clip"}) {
    const std::string_view pattern = known_pattern(name);
    ASSERT_FALSE(pattern.empty()) << name;
    SplitterPtr known = known_pattern_splitter(pattern);
    if (known == nullptr) known = known_removing_splitter(pattern);
    ASSERT_NE(known, nullptr) << name;
    std::string expression(pattern);
    if (name == "cl100k") expression.erase(expression.find("{1,3}+") + 5, 1);  // tiktoken means a possessive interval
    const auto regex = Regex::compile(expression, name);
    ASSERT_TRUE(regex) << regex.error().message;
    for (int i = 0; i < 40000; ++i) {
      std::string text;
      for (std::size_t n = 1 + random() % 10; n > 0; --n) {
        utf8_append(text, kSome[random() % std::size(kSome)]);
        if (random() % 8 == 0)
          text.append(random() % 36, "aZ"[random() % 2]);  // words that take more than one register
      }
      std::vector<std::string> expected;
      const auto found = [&](std::size_t begin, std::size_t end) {
        expected.push_back(text.substr(begin, end - begin));
      };
      ASSERT_TRUE((*regex)->each_match(text, found, [](std::size_t at) { return at; }));
      ASSERT_EQ(split(*known, text), expected) << name << ": " << text;
    }
  }
}

}  // namespace
}  // namespace isogloss::tokens
