// SPDX-License-Identifier: Apache-2.0
// What every Classifier promises: probabilities in their order, the same for a text whatever stands beside it.
#include <algorithm>
#include <cmath>

#include "core/test_support.hpp"
#include "support.hpp"

namespace isogloss::conformance {
namespace {

class ClassifierConformance : public testing::TestWithParam<FamilyCase> {
 protected:
  void SetUp() override {
    model_ = model_of(GetParam());
    ASSERT_NE(model_, nullptr);
    classifier_ = model_->ability<Classifier>();
    if (classifier_ == nullptr) GTEST_SKIP() << "does not classify";
  }
  std::vector<std::vector<LabelScore>> classify(const std::vector<std::string>& texts, std::size_t k) {
    Context context;
    auto found = classifier_->classify(inputs_of(texts), k, context);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found ? *std::move(found) : std::vector<std::vector<LabelScore>>();
  }
  ModelPtr model_;
  const Classifier* classifier_ = nullptr;
};

bool same(const std::vector<LabelScore>& a, const std::vector<LabelScore>& b) {
  return std::ranges::equal(a, b, [](const LabelScore& x, const LabelScore& y) {
    return x.label == y.label && x.probability == y.probability;
  });
}

TEST_P(ClassifierConformance, LabelsHaveNamesAndStandOnce) {
  ASSERT_GT(classifier_->label_count(), 0U);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < classifier_->label_count(); ++i) names.emplace_back(classifier_->label(i));
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST_P(ClassifierConformance, ProbabilitiesFallAndLieBetween0And1) {
  for (const auto& labels : classify(probe_texts(), classifier_->label_count() + 5)) {
    EXPECT_LE(labels.size(), classifier_->label_count());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      EXPECT_LT(labels[i].label, classifier_->label_count());
      EXPECT_GE(labels[i].probability, 0.0F);
      EXPECT_LE(labels[i].probability, 1.0F);
      if (i == 0) continue;
      EXPECT_TRUE(labels[i - 1].probability > labels[i].probability ||
                  (labels[i - 1].probability == labels[i].probability && labels[i - 1].label < labels[i].label));
    }
  }
}

TEST_P(ClassifierConformance, FewLabelsAreTheFirstOfMany) {
  const auto many = classify(probe_texts(), classifier_->label_count());
  const auto one = classify(probe_texts(), 1);
  ASSERT_EQ(one.size(), many.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(one[i].empty(), many[i].empty()) << i;
    if (one[i].empty()) continue;
    EXPECT_EQ(one[i][0].probability, many[i][0].probability) << i;
  }
}

TEST_P(ClassifierConformance, NeitherTheBatchNorThreadsMatter) {
  std::vector<std::string> texts(probe_texts().begin(), probe_texts().end() - 2);
  for (std::size_t i = 0; i < 300; ++i) texts.push_back(texts[i % 7] + " " + texts[i % 5]);
  const auto together = classify(texts, 2);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_TRUE(same(classify({texts[i]}, 2)[0], together[i])) << i;
  ThreadPool pool(4);
  Context context;
  context.pool = &pool;
  context.threads = 4;
  const auto again = classifier_->classify(inputs_of(texts), 2, context).value();
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_TRUE(same(again[i], together[i])) << i;
}

TEST_P(ClassifierConformance, NoLabelAskedForOtherInputsAndCancelAreErrors) {
  Context context;
  EXPECT_EQ(classifier_->classify(inputs_of({"a"}), 0, context).error().code, Code::invalid_argument);
  EXPECT_TRUE(classifier_->classify({}, 1, context).value().empty());
  CancelToken cancel;
  cancel.cancel();
  context.cancel = &cancel;
  EXPECT_EQ(classifier_->classify(inputs_of({"a"}), 1, context).error().code, Code::cancelled);
}

TEST_P(ClassifierConformance, SavedModelTellsTheSame) {
  if (!GetParam().folder.empty() && GetParam().family->train == nullptr) GTEST_SKIP() << "opened, not saved";
  Context context;
  TemporaryFolder folder;
  ASSERT_TRUE(model_->save(folder.path() / "m", context));
  const ModelPtr opened = load((folder.path() / "m").string(), {}, context).value();
  const auto* again = opened->ability<Classifier>();
  ASSERT_NE(again, nullptr);
  const auto expected = classify(probe_texts(), 2);
  const auto found = again->classify(inputs_of(probe_texts()), 2, context).value();
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(same(found[i], expected[i])) << i;
  EXPECT_EQ(again->label(0), classifier_->label(0));
}

INSTANTIATE_TEST_SUITE_P(Families, ClassifierConformance, testing::ValuesIn(model_cases()), case_name);

}  // namespace
}  // namespace isogloss::conformance
