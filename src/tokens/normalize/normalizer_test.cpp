// SPDX-License-Identifier: Apache-2.0
#include "tokens/normalize/normalizer.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "core/utf8.hpp"

namespace isogloss::tokens {
namespace {

std::string applied(NormalizerPtr rule, std::string_view text) {
  std::vector<NormalizerPtr> rules;
  rules.push_back(std::move(rule));
  return NormalizerChain(std::move(rules)).apply(text).value();
}

TEST(Normalizer, BertCleansSeparatesStripsAndLowers) {
  EXPECT_EQ(applied(bert_normalizer({}), "Caf\u00e9\tna\u00efve\u0007 \u4e2dX"), "cafe naive  \u4e2d x");
  EXPECT_EQ(applied(bert_normalizer({true, true, false, false}), "Caf\u00e9"), "Caf\u00e9");
}

TEST(Normalizer, FormsOfUnicode) {
  EXPECT_EQ(applied(unicode_normalizer(UnicodeForm::nfc), "e\u0301"), "\u00e9");
  EXPECT_EQ(applied(unicode_normalizer(UnicodeForm::nfd), "\u00e9"), "e\u0301");
  EXPECT_EQ(applied(unicode_normalizer(UnicodeForm::nfkc), "\uFB01\u00BD"), "fi1\u20442");
  EXPECT_EQ(applied(unicode_normalizer(UnicodeForm::nfc), "\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(applied(unicode_normalizer(UnicodeForm::nfd), "a\u0301\u0323"), "a\u0323\u0301");  // marks in their order
}

TEST(Normalizer, SmallRules) {
  EXPECT_EQ(applied(strip_normalizer(true, true), " \u3000a b "), "a b");
  EXPECT_EQ(applied(prepend_normalizer("\u2581"), "ab"), "\u2581ab");
  EXPECT_EQ(applied(prepend_normalizer("\u2581"), ""), "");
  EXPECT_EQ(applied(replace_normalizer(" ", "\u2581"), "a b"), "a\u2581b");
  EXPECT_EQ(applied(*replace_regex_normalizer("[0-9]+", "#", "t"), "a12b3"), "a#b#");
  EXPECT_EQ(applied(*replace_regex_normalizer("\\s+", " ", "t"), "a \n\tb c"), "a b c");
  EXPECT_EQ(applied(lowercase_normalizer(), "\u0130\u03a3"), "i\u0307\u03c3");
  EXPECT_EQ(applied(byte_level_normalizer(), " \u00e9"), "\u0120\u00c3\u00a9");
}

TEST(Normalizer, AWrongPatternIsNamed) {
  const auto wrong = replace_regex_normalizer("a(", "", "t");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("a("), std::string::npos);
}

std::string random_text(std::mt19937& random) {
  static constexpr char32_t kSome[] = {U'a',   U'Z',   U' ',    U'.',   U'\t',  U'\r',  U'\n',  0x7F,
                                       0xE9,   0x130,  0x301,   0x308,  0x323,  0x4E2D, 0xAC01, 0x1112,
                                       0x1161, 0x200D, 0x1F600, 0xFB01, 0x2028, 0x600,  0xFFFD, 1};
  std::string text;
  for (std::size_t n = random() % 12; n > 0; --n) utf8_append(text, kSome[random() % std::size(kSome)]);
  return text;
}

// The fast way through ASCII must give what the rule gives on the whole text, origins included.
TEST(NormalizerChain, GivesWhatItsRulesGive) {
  const std::function<NormalizerPtr()> makers[] = {
      [] { return bert_normalizer({}); },
      [] { return unicode_normalizer(UnicodeForm::nfc); },
      [] { return unicode_normalizer(UnicodeForm::nfkd); },
      [] { return lowercase_normalizer(); },
      [] { return nmt_normalizer(); },
      [] { return strip_accents_normalizer(); },
  };
  std::mt19937 random(11);
  for (const auto& make : makers) {
    const NormalizerPtr rule = make();
    std::vector<NormalizerPtr> rules;
    rules.push_back(make());
    const NormalizerChain chain(std::move(rules));
    NormalizeScratch scratch;
    for (int i = 0; i < 3000; ++i) {
      const std::string text = random_text(random);
      AlignedText from;
      AlignedText expected;
      from.view(text, 5);
      ASSERT_TRUE(rule->apply(from, expected));
      const AlignedText& made = *chain.apply(from, scratch).value();
      ASSERT_EQ(made.bytes(), expected.bytes()) << text;
      for (std::size_t at = 0; at < made.size(); ++at) {
        ASSERT_EQ(made.origin(at, at + 1), expected.origin(at, at + 1)) << text << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace isogloss::tokens
