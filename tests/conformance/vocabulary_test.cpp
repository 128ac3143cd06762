// SPDX-License-Identifier: Apache-2.0
// What every Vocabulary promises: words and rows belong together, neighbours and terms are ordered.
#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace isogloss::conformance {
namespace {

class VocabularyConformance : public testing::TestWithParam<FamilyCase> {
 protected:
  void SetUp() override {
    model_ = model_of(GetParam());
    ASSERT_NE(model_, nullptr);
    words_ = model_->ability<Vocabulary>();
    if (words_ == nullptr) GTEST_SKIP() << "has no vocabulary";
  }
  bool has_vectors() const { return words_->word_dimension() > 0; }
  ModelPtr model_;
  const Vocabulary* words_ = nullptr;
};

void expect_sorted(const std::vector<WordScore>& list) {
  for (std::size_t i = 1; i < list.size(); ++i) {
    EXPECT_TRUE(list[i - 1].score > list[i].score ||
                (list[i - 1].score == list[i].score && list[i - 1].word < list[i].word))
        << list[i - 1].word << " " << list[i].word;
  }
}

TEST_P(VocabularyConformance, EveryWordIsFoundAtItsPlace) {
  ASSERT_GT(words_->word_count(), 0u);
  for (std::size_t i = 0; i < words_->word_count(); ++i) EXPECT_EQ(words_->find_word(words_->word(i)), i);
  EXPECT_FALSE(words_->find_word("\x01no such word\x01"));
}

TEST_P(VocabularyConformance, WordVectorsAreFiniteAndFillTheirDimension) {
  std::vector<float> row(words_->word_dimension() + 1);
  for (std::size_t i = 0; i < words_->word_count(); ++i) {
    std::ranges::fill(row, std::nanf(""));
    words_->word_vector(i, std::span(row).first(words_->word_dimension()));
    for (std::size_t j = 0; j < words_->word_dimension(); ++j) EXPECT_TRUE(std::isfinite(row[j])) << i << " " << j;
    EXPECT_TRUE(std::isnan(row.back())) << "written past the end";
  }
}

TEST_P(VocabularyConformance, NeighboursAreOthersBestFirst) {
  Context context;
  if (!has_vectors()) GTEST_SKIP() << "has no word vectors";
  for (std::size_t i = 0; i < std::min<std::size_t>(words_->word_count(), 20); ++i) {
    const std::string word(words_->word(i));
    const auto all = words_->near(word, words_->word_count() + 5, context);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->size(), words_->word_count() - 1);
    EXPECT_TRUE(std::ranges::none_of(*all, [&](const WordScore& s) { return s.word == word; })) << word;
    expect_sorted(*all);
    const auto few = words_->near(word, 3, context);
    ASSERT_TRUE(few);
    ASSERT_EQ(few->size(), std::min<std::size_t>(3, all->size()));
    for (std::size_t k = 0; k < few->size(); ++k) EXPECT_EQ((*few)[k].word, (*all)[k].word);
  }
  EXPECT_EQ(words_->near(words_->word(0), 0, context).value().size(), 0u);
}

TEST_P(VocabularyConformance, NeighboursHaveTheCosineOfTheirVectors) {
  Context context;
  if (!has_vectors()) GTEST_SKIP() << "has no word vectors";
  std::vector<float> a(words_->word_dimension());
  std::vector<float> b(words_->word_dimension());
  words_->word_vector(0, a);
  const std::vector<WordScore> neighbours = words_->near(words_->word(0), 10, context).value();
  for (const WordScore& near : neighbours) {
    words_->word_vector(words_->find_word(near.word).value(), b);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
      ab += static_cast<double>(a[j]) * static_cast<double>(b[j]);
      aa += static_cast<double>(a[j]) * static_cast<double>(a[j]);
      bb += static_cast<double>(b[j]) * static_cast<double>(b[j]);
    }
    EXPECT_NEAR(near.score, aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0.0, 1e-5) << near.word;
  }
}

// Families that read parts of words make a vector of them for any word.
TEST_P(VocabularyConformance, PartsLieWithinTheirWord) {
  const std::string known(words_->word(0));
  for (const std::string& word : {known, std::string("zymurgies"), std::string("na\xC3\xAFve"), std::string("\xFF\xFE")}) {
    const auto parts = words_->word_parts(word);
    if (!parts) {
      EXPECT_EQ(parts.error().code, Code::unsupported);
      continue;
    }
    for (const WordPart& part : *parts) {
      EXPECT_FALSE(part.text.empty());
      EXPECT_LE(part.begin, part.end);
      EXPECT_LE(part.end, word.size());
    }
    if (words_->find_word(word)) { EXPECT_EQ(parts->at(0).text, word); }
    std::vector<float> row(words_->word_dimension());
    if (!parts->empty()) { EXPECT_TRUE(words_->any_word_vector(word, row)); }
  }
}

TEST_P(VocabularyConformance, TermsAreSorted) {
  Context context;
  const auto terms = words_->terms(words_->word_count() + 5, context);
  if (!terms) {
    EXPECT_EQ(terms.error().code, Code::unsupported);
    return;
  }
  EXPECT_EQ(terms->size(), words_->word_count());
  expect_sorted(*terms);
}

TEST_P(VocabularyConformance, UnknownWordAndCancelAreErrors) {
  Context context;
  const auto unknown = words_->near("\x01no such word\x01", 3, context);
  std::vector<float> row(words_->word_dimension());
  const bool from_parts = has_vectors() && words_->any_word_vector("\x01no such word\x01", row).has_value();
  ASSERT_EQ(unknown.has_value(), from_parts);
  if (!unknown) { EXPECT_EQ(unknown.error().code, has_vectors() ? Code::not_found : Code::unsupported); }
  CancelToken cancel;
  cancel.cancel();
  context.cancel = &cancel;
  EXPECT_EQ(words_->near(words_->word(0), 3, context).error().code, Code::cancelled);
  EXPECT_EQ(words_->terms(3, context).error().code, Code::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Families, VocabularyConformance, testing::ValuesIn(model_cases()), case_name);

}  // namespace
}  // namespace isogloss::conformance
