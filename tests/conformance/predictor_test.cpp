// SPDX-License-Identifier: Apache-2.0
// What every Predictor promises: probabilities of words of the vocabulary, best first, for the questions it takes.
#include "support.hpp"

namespace isogloss::conformance {
namespace {

class PredictorConformance : public testing::TestWithParam<FamilyCase> {
 protected:
  void SetUp() override {
    model_ = model_of(GetParam());
    ASSERT_NE(model_, nullptr);
    predictor_ = model_->ability<Predictor>();
    if (predictor_ == nullptr) GTEST_SKIP() << "does not predict";
    words_ = model_->ability<Vocabulary>();
    ASSERT_NE(words_, nullptr);
  }
  ModelPtr model_;
  const Predictor* predictor_ = nullptr;
  const Vocabulary* words_ = nullptr;
};

TEST_P(PredictorConformance, TakesOneKindOfQuestionAtLeast) {
  Context context;
  const std::string word(words_->word(0));
  int taken = 0;
  for (const auto kind : {Question::Kind::gap, Question::Kind::context}) {
    const auto answer = predictor_->predict({kind, word, ""}, words_->word_count(), context);
    if (!answer) {
      EXPECT_EQ(answer.error().code, Code::unsupported) << answer.error().message;
      continue;
    }
    ++taken;
    double sum = 0;
    for (std::size_t i = 0; i < answer->size(); ++i) {
      const WordScore& now = (*answer)[i];
      sum += now.score;
      EXPECT_GE(now.score, 0);
      EXPECT_TRUE(words_->find_word(now.word)) << now.word;
      if (i == 0) continue;
      const WordScore& before = (*answer)[i - 1];
      EXPECT_TRUE(before.score > now.score || (before.score == now.score && before.word < now.word));
    }
    EXPECT_LE(sum, 1 + 1e-4);
    const auto few = predictor_->predict({kind, word, ""}, 2, context);
    ASSERT_TRUE(few);
    ASSERT_EQ(few->size(), std::min<std::size_t>(2, answer->size()));
    for (std::size_t i = 0; i < few->size(); ++i) EXPECT_EQ((*few)[i].word, (*answer)[i].word);
  }
  EXPECT_GT(taken, 0);
}

TEST_P(PredictorConformance, UnknownWordsAndCancellingAreErrors) {
  Context context;
  for (const auto kind : {Question::Kind::gap, Question::Kind::context}) {
    for (const char* text : {"", "\x01no such word\x01"}) {
      EXPECT_FALSE(predictor_->predict({kind, text, ""}, 3, context));
    }
  }
  CancelToken cancel;
  cancel.cancel();
  context.cancel = &cancel;
  const auto answer = predictor_->predict({Question::Kind::gap, words_->word(0), ""}, 3, context);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Families, PredictorConformance, testing::ValuesIn(model_cases()), case_name);

}  // namespace
}  // namespace isogloss::conformance
