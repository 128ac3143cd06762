// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/metrics/text/bleu_tokens.hpp"
#include "evaluate/metrics/text/ngrams.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using Texts = std::vector<std::string>;

// 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3: no penalty, both have six words.
TEST(Bleu, IsTheGeometricMeanOfPrecisions) {
  const Texts hypothesis{"the cat sat on a mat"};
  const std::vector<Texts> reference{{"the cat sat on the mat"}};
  const BleuScore s = bleu(hypothesis, reference, {}).value();
  EXPECT_NEAR(s.score, 100 * std::pow(5.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25), 1e-9);
}

TEST(Bleu, ATokenCountsAsOftenAsAReferenceHasIt) {
  std::array<evaluation::Overlap, 1> overlaps;
  evaluation::NgramCounter().count({7, 7, 7}, std::vector<evaluation::Tokens>{{7, 1}, {7, 7}}, overlaps);
  EXPECT_EQ(overlaps[0].matched, 2U);
}

TEST(Bleu, NothingInCommonIsZeroWhateverTheSmoothing) {
  EXPECT_EQ(bleu(Texts{"a b"}, std::vector<Texts>{{"c d"}}, {}).value().score, 0);
}

TEST(Bleu, Tokens13aKeepsNumbersAndSplitsSigns) {
  std::string text = "1,000.5 said: \"no\", 3-4 &amp; it's <skipped>end.";
  evaluation::bleu_tokenizer("13a").value()(text);
  std::string joined;
  evaluation::each_word(text, [&](std::string_view word) { joined += std::string(word) + "_"; });
  EXPECT_EQ(joined, "1,000.5_said_:_\"_no_\"_,_3_-_4_&_it's_end_._");
}

TEST(Chrf, OfEqualTextsIsAHundred) {
  EXPECT_DOUBLE_EQ(chrf(Texts{"abc def ghi"}, std::vector<Texts>{{"abc def ghi"}}, {}).value(), 100);
}

// Of order 1: 1 of 2 characters on both sides; of order 2: 0 of 1. P = R = 1/4.
TEST(Chrf, IsFOfTheMeansOverOrdersThatBothHave) {
  EXPECT_DOUBLE_EQ(chrf(Texts{"ab"}, std::vector<Texts>{{"ac"}}, {}).value(), 25);
}

// "c d" goes to the front, one shift, and x becomes y: 2 edits of 5 words.
TEST(Ter, AShiftIsOneEdit) {
  EXPECT_DOUBLE_EQ(ter(Texts{"a b x c d"}, std::vector<Texts>{{"c d a b y"}}, {}).value(), 40);
}

TEST(Ter, EmptyReferencesAreWrongAltogether) {
  EXPECT_DOUBLE_EQ(ter(Texts{"a"}, std::vector<Texts>{{""}}, {}).value(), 100);
  EXPECT_DOUBLE_EQ(ter(Texts{""}, std::vector<Texts>{{""}}, {}).value(), 0);
  EXPECT_DOUBLE_EQ(ter(Texts{""}, std::vector<Texts>{{"a b"}}, {}).value(), 100);
}

TEST(Rouge, StemsOnlyWhenAsked) {
  RougeOptions options;
  const std::vector<Texts> reference{{"running dogs"}};
  EXPECT_DOUBLE_EQ(rouge(Texts{"run dog"}, reference, options).value()[0][0].f, 0);
  options.stem = true;  // words of up to 3 letters stay as they are
  EXPECT_DOUBLE_EQ(rouge(Texts{"run dogs"}, reference, options).value()[0][0].f, 1);
}

TEST(Rouge, TheBestReferenceCounts) {
  const std::vector<Texts> references{{"x y"}, {"a b"}};
  EXPECT_DOUBLE_EQ(rouge(Texts{"a b"}, references, {}).value()[0][2].f, 1);
}

TEST(TextMetrics, ShapesThatDoNotFitAreErrors) {
  EXPECT_FALSE(bleu(Texts{}, std::vector<Texts>{{}}, {}));
  EXPECT_FALSE(chrf(Texts{"a"}, std::vector<Texts>{}, {}));
  EXPECT_FALSE(rouge(Texts{"a"}, std::vector<Texts>{{"a", "b"}}, {}));
}

}  // namespace
}  // namespace isogloss
