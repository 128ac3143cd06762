// SPDX-License-Identifier: Apache-2.0
// Late chunks of tests/golden/transformers/bert, beside the vectors of its tokens.
#include "runtime/text_vectors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace isogloss::runtime {
namespace {

ModelPtr golden(const char* name) {
  Context context;
  const auto folder = std::filesystem::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/transformers" / name;
  return load(folder.string(), {}, context).value();
}

TEST(EmbedLate, IsTheMeanOfThePassagesTokensReadInTheWholeText) {
  const ModelPtr model = golden("bert");
  ASSERT_TRUE(can_embed_late(*model));
  Context context;
  const std::vector<std::string> texts{"the cat sat on the mat"};
  const std::vector<LatePassage> passages{{0, {0, 7}}, {0, {8, 22}}};  // "the cat", "sat on the mat"
  const Vectors late = embed_late(*model, texts, passages, context).value();
  ASSERT_EQ(late.rows(), 2u);

  EmbedOptions options;
  options.outputs = Outputs::tokens;
  const Input input = Input::text(texts[0], Role::document);
  const Vectors tokens = model->ability<Embedder>()->embed({&input, 1}, options, context)->per_token;
  std::vector<double> mean(late.dim());
  double squares = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] = (double{tokens.row_f32(1)[i]} + tokens.row_f32(2)[i]) / 2;  // behind [CLS]: the, cat
    squares += mean[i] * mean[i];
  }
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(late.row_f32(0)[i], mean[i] / std::sqrt(squares), 1e-6);
}

TEST(EmbedLate, APassageDependsOnWhatStandsAroundIt) {
  const ModelPtr model = golden("bert");
  Context context;
  const std::vector<std::string> texts{"the cat", "the cat sat on the mat"};
  const Vectors late = embed_late(*model, texts, std::vector<LatePassage>{{0, {0, 7}}, {1, {0, 7}}}, context).value();
  double difference = 0;
  for (std::size_t i = 0; i < late.dim(); ++i) difference += std::abs(late.row_f32(0)[i] - late.row_f32(1)[i]);
  EXPECT_GT(difference, 1e-3);
}

TEST(EmbedLate, NeedsTokensInTheSpaceOfTexts) { EXPECT_FALSE(can_embed_late(*golden("splade"))); }

}  // namespace
}  // namespace isogloss::runtime
