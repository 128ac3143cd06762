// SPDX-License-Identifier: Apache-2.0
#include "heads/extract_sentences.hpp"

#include <gtest/gtest.h>

#include "core/text.hpp"

namespace isogloss::heads {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : ascii_lower(text) + " ") {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) word += c;
    if (!letter && word.size() > 3) out.push_back(word);
    if (!letter) word.clear();
  }
  return out;
}

Extraction extract(std::string_view question, std::span<const Passage> passages) {
  return extract_sentences(question, passages, {}, words, [](const std::string&) { return 1.0; });
}

TEST(ExtractSentences, PicksTheSentenceThatCoversTheQuestion) {
  const std::string text = "Shipping takes days. The refund period lasts thirty days. Call us.";
  const Passage passage{text, {{0, 20}, {21, 57}, {58, 66}}, ""};
  const Extraction answer = extract("How long lasts the refund period?", {&passage, 1});
  ASSERT_FALSE(answer.sentences.empty());
  EXPECT_EQ(answer.sentences[0].sentence, 1u);
}

TEST(ExtractSentences, PrefersNumbersForQuestionsAboutNumbers) {
  const std::string text = "The bridge opened with music. The bridge opened 1932.";
  const Passage passage{text, {{0, 29}, {30, 53}}, ""};
  EXPECT_EQ(extract("When was the bridge opened?", {&passage, 1}).sentences.at(0).sentence, 1u);
}

TEST(ExtractSentences, ConfidenceFallsWhenTermsAreMissing) {
  const std::string good = "The refund period lasts thirty days.", bad = "The period was quiet.";
  const Passage a{good, {{0, good.size()}}, ""}, b{bad, {{0, bad.size()}}, ""};
  const double high = extract("How long lasts the refund period?", {&a, 1}).confidence;
  EXPECT_GT(high, extract("How long lasts the refund period?", {&b, 1}).confidence);
}

TEST(ExtractSentences, SaysNothingWithoutACommonTerm) {
  const std::string text = "Entirely unrelated words.";
  const Passage passage{text, {{0, text.size()}}, ""};
  EXPECT_TRUE(extract("refund period", {&passage, 1}).sentences.empty());
  EXPECT_TRUE(extract("", {&passage, 1}).sentences.empty());
}

}  // namespace
}  // namespace isogloss::heads
