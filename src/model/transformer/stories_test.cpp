// SPDX-License-Identifier: Apache-2.0
// A real Llama, trained on little stories (260,000 parameters), against what the transformers library gives for it
// (tests/golden/stories260k). Its checkpoint is not part of the source; without it the test says so and skips.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/test_support.hpp"
#include "isogloss/tokens.hpp"
#include "model/transformer/transformer.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;

class Stories : public testing::Test {
 protected:
  void SetUp() override {
    const char* const source = std::getenv("ISOGLOSS_SOURCE_DIR");
    if (source == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
    const auto checkpoint = test_data("models/stories260k");
    if (!checkpoint) GTEST_SKIP() << "the checkpoint models/stories260k is not on this machine";
    const fs::path golden = fs::path(source) / "tests/golden/stories260k";
    const std::string command = "python3 '" + (golden / "make_folder.py").string() + "' '" + checkpoint->string() +
                                "' '" + folder_.path().string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    expected_ = Json::parse(read_file(golden / "expected.json").value(), "expected.json").value();
  }

  ModelPtr open(const fs::path& path, const std::string& compute) {
    Context context;
    const FileSet files = FileSet::open(path).value();
    auto model = transformer_family().load(files, {{"compute", compute}}, context);
    EXPECT_TRUE(model) << (model ? "" : model.error().message);
    return model ? *model : nullptr;
  }

  static Embedding embedding_of(const Model& model, std::string_view text, Outputs outputs) {
    Context context;
    EmbedOptions options;
    options.outputs = outputs;
    const Input input = Input::text(text);
    auto got = model.ability<Embedder>()->embed({&input, 1}, options, context);
    EXPECT_TRUE(got) << (got ? "" : got.error().message);
    return *std::move(got);
  }

  TemporaryFolder folder_;
  Json expected_;
};

// Within `share` of the largest value.
void expect_near(std::span<const float> got, std::span<const Json> want, double share, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  double largest = 0;
  for (const Json& x : want) largest = std::max(largest, std::abs(x.as_number()));
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i].as_number(), share * largest) << what << ", column " << i;
  }
}

TEST_F(Stories, GivesTheIdsStatesAndMeansOfTheReference) {
  const ModelPtr model = open(folder_.path(), "f32");
  ASSERT_NE(model, nullptr);
  const Tokenizer& tokenizer = model->ability<TokenEmbedder>()->tokenizer();
  for (const Json& row : expected_["rows"].as_array()) {
    const std::string text(row["text"].as_string());
    Tokens tokens;
    ASSERT_TRUE(tokenizer.encode(text, {}, tokens));
    const auto ids = row["ids"].as_array();
    ASSERT_EQ(tokens.ids.size(), ids.size()) << text;
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(tokens.ids[i], ids[i].as_integer()) << text;
    expect_near(embedding_of(*model, text, Outputs::vectors).dense.row_f32(0), row["vector"].as_array(), 1e-5, text);
    const auto states = row["tokens"].as_array();
    if (states.empty()) continue;
    const Embedding got = embedding_of(*model, text, Outputs::tokens);
    ASSERT_EQ(got.per_token.rows(), states.size());
    for (std::size_t t = 0; t < states.size(); ++t) {
      expect_near(got.per_token.row_f32(t), states[t].as_array(), 1e-5, "token " + std::to_string(t));
    }
  }
}

// The same weights through the other door: its rows of queries and keys are those of the checkpoint.
TEST_F(Stories, GivesTheSameStatesFromAGgufFile) {
  const ModelPtr model = open(folder_.path() / "gguf", "f32");
  const ModelPtr folder = open(folder_.path(), "f32");
  ASSERT_TRUE(model && folder);
  for (const Json& row : expected_["rows"].as_array()) {
    const std::string text(row["text"].as_string());
    const Embedding got = embedding_of(*model, text, Outputs::tokens);
    const Embedding want = embedding_of(*folder, text, Outputs::tokens);
    ASSERT_EQ(got.per_token.rows(), want.per_token.rows()) << text;
    for (std::size_t t = 0; t < got.per_token.rows(); ++t) {
      EXPECT_TRUE(std::ranges::equal(got.per_token.row_f32(t), want.per_token.row_f32(t))) << text << ", token " << t;
    }
  }
}

}  // namespace
}  // namespace isogloss::model
