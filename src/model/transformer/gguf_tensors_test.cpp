// SPDX-License-Identifier: Apache-2.0
// GGUF files against the Hugging Face folders they were made of (tests/golden/gguf/make.py).
#include "model/transformer/gguf_tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/test_support.hpp"
#include "formats/gguf_test_support.hpp"
#include "model/transformer/transformer.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;
using formats::GgufBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

std::string floats(const std::vector<float>& values) {
  return {static_cast<const char*>(static_cast<const void*>(values.data())), values.size() * sizeof(float)};
}

GgufBuilder llama_head() {
  GgufBuilder file;
  file.key("general.architecture", "llama").key("llama.block_count", 1U).key("llama.embedding_length", 1U);
  file.key("llama.feed_forward_length", 1U).key("llama.attention.head_count", 2U);
  return file.key("llama.attention.head_count_kv", 1U);
}

Result<std::unique_ptr<Weights>> weights_of(const TemporaryFolder& folder, const std::string& bytes) {
  EXPECT_TRUE(write_file(folder.path() / "t.gguf", bytes));
  static FileSet files;
  files = FileSet::open(folder.path() / "t.gguf").value();
  return open_weights(files, "");
}

// Two heads of four rows: the file has rows 0, 2, 1, 3 of each (pairs side by side), a folder has halves.
TEST(GgufTensors, UndoesThePermutationOfLlamaByHand) {
  const TemporaryFolder folder;
  GgufBuilder file = llama_head();
  file.tensor("token_embd.weight", {1, 1}, "F32", floats({7}));
  file.tensor("blk.0.attn_q.weight", {8, 1}, "F32", floats({0, 2, 1, 3, 10, 12, 11, 13}));
  file.tensor("blk.0.attn_k.weight", {4, 1}, "F32", floats({0, 2, 1, 3}));
  const auto weights = weights_of(folder, file.finish());
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_THAT((*weights)->read("layers.0.self_attn.q_proj.weight", {8, 1}).value(),
              ElementsAre(0, 1, 2, 3, 10, 11, 12, 13));
  EXPECT_THAT((*weights)->read("layers.0.self_attn.k_proj.weight", {4, 1}).value(), ElementsAre(0, 1, 2, 3));
}

TEST(GgufTensors, SaysWhatIsWrongWithFileTensorAndRemedy) {
  const TemporaryFolder folder;
  GgufBuilder file = llama_head();
  file.tensor("token_embd.weight", {1, 256}, "IQ2_XXS", std::string(66, '\0'));
  auto weights = weights_of(folder, file.finish());
  ASSERT_TRUE(weights) << weights.error().message;
  const auto type = (*weights)->read("embed_tokens.weight", {1, 256});
  ASSERT_FALSE(type);
  EXPECT_EQ(type.error().code, Code::unsupported);
  EXPECT_THAT(type.error().message, HasSubstr("t.gguf: tensor 'token_embd.weight' is of type IQ2_XXS; read are F32,"));
  EXPECT_THAT(type.error().message, HasSubstr("Q8_0"));
  const auto shape = (*weights)->read("embed_tokens.weight", {2, 128});
  EXPECT_THAT(shape.error().message, HasSubstr("has the shape (1, 256); the keys ask for (2, 128)"));
  const auto missing = (*weights)->read("norm.weight", {1});
  EXPECT_THAT(missing.error().message, HasSubstr("no tensor for 'norm.weight' of an architecture 'llama'"));

  const auto unknown = weights_of(folder, GgufBuilder().key("general.architecture", "jina-bert-v2").finish());
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("'jina-bert-v2'; the architectures known here are bert, gemma"));
  const auto part = weights_of(folder, llama_head().key("split.count", 3U).finish());
  EXPECT_THAT(part.error().message, HasSubstr("llama-gguf-split --merge"));
}

TEST(GgufFile, IsTheOnlyOneOfAFolderWithoutOtherWeights) {
  EXPECT_EQ(gguf_file(FileSet::from_memory({{"a.gguf", ""}, {"README.md", ""}})).value(), "a.gguf");
  EXPECT_EQ(gguf_file(FileSet::from_memory({{"a.gguf", ""}, {"model.safetensors", ""}})).value(), "");
  const auto several = gguf_file(FileSet::from_memory({{"a.gguf", ""}, {"b.gguf", ""}}));
  ASSERT_FALSE(several);
  EXPECT_THAT(several.error().message, HasSubstr("2 GGUF files: a.gguf, b.gguf. Give the path of one."));
}

TEST(GgufFile, LimitsTextsToWhatItWasTrainedOn) {
  const TemporaryFolder folder;
  const std::string bytes = llama_head().key("llama.context_length", 5U).key("llama.pooling_type", 3U).finish();
  ASSERT_TRUE(write_file(folder.path() / "t.gguf", bytes));
  const FileSet files = FileSet::open(folder.path() / "t.gguf").value();
  SentenceModules modules;
  modules.max_tokens = 10;
  modules.max_tokens_from = "config.json";
  const Status added = add_gguf_modules(files, "t.gguf", modules);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(modules.max_tokens, 5U);
  EXPECT_EQ(modules.max_tokens_from, "t.gguf");
  EXPECT_THAT(modules.pooling, ElementsAre(Pooling::last));
  EXPECT_TRUE(modules.normalize);
}

// ---- against the reference

fs::path golden() { return fs::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden"; }

ModelPtr open(const fs::path& path) {
  Context context;
  const FileSet files = FileSet::open(path).value();
  EXPECT_EQ(transformer_family().recognise(files), Recognised::exact);
  auto model = transformer_family().load(files, {{"compute", std::string("f32")}}, context);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? *model : nullptr;
}

Json json_of(const fs::path& path) { return Json::parse(read_file(path).value(), path.string()).value(); }

std::vector<float> states_of(const Model& model, const std::string& text, Outputs outputs) {
  Context context;
  EmbedOptions options;
  options.outputs = outputs;
  options.truncate = Truncate::end;
  const Input input = Input::text(text);
  const auto got = model.ability<Embedder>()->embed({&input, 1}, options, context);
  EXPECT_TRUE(got) << got.error().message;
  std::vector<float> out;
  const Vectors& rows = outputs == Outputs::tokens ? got->per_token : got->dense;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto row = rows.row_f32(i);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

double cosine(const std::vector<float>& a, std::span<const Json> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = b[i].as_number();
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / std::sqrt(aa * bb);
}

class GgufGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  }
};

// Token states are those of the folder to the bit, which are within 1e-5 of the reference's (transformer_test.cpp).
TEST_P(GgufGolden, GivesTheStatesOfTheFolderItWasMadeOf) {
  const ModelPtr model = open(golden() / "gguf" / (GetParam() + ".gguf"));
  const ModelPtr folder = open(golden() / "transformers" / GetParam());
  ASSERT_TRUE(model && folder);
  const Json rows = json_of(golden() / "transformers" / GetParam() / "expected.json");
  for (const Json& row : rows.as_array()) {
    const std::string text(row["text"].as_string());
    EXPECT_EQ(states_of(*model, text, Outputs::tokens), states_of(*folder, text, Outputs::tokens)) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GgufGolden,
                         testing::Values("bert", "gemma3", "gpt2", "llama", "modernbert", "nomic_bert", "qwen2",
                                         "qwen3", "xlm_roberta"));

// Pooling by the key, length 1: what these folders do as well.
TEST(GgufModel, PoolsAsItsKeysSay) {
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  for (const char* name : {"bert", "gemma3", "nomic_bert", "qwen2", "qwen3"}) {
    const ModelPtr model = open(golden() / "gguf" / (std::string(name) + ".gguf"));
    const ModelPtr folder = open(golden() / "transformers" / name);
    ASSERT_TRUE(model && folder);
    EXPECT_TRUE(model->card().normalized);
    EXPECT_EQ(model->card().dimension, folder->card().dimension) << name;
    for (const char* text : {"The cat sat on the mat.", "the moon"}) {
      EXPECT_EQ(states_of(*model, text, Outputs::vectors), states_of(*folder, text, Outputs::vectors)) << name;
    }
  }
}

// The reference ran with the weights that gguf-py dequantises: blocks of ten types, within 1e-5.
TEST(GgufModel, GivesTheVectorsOfTheReferenceWithQuantisedWeights) {
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  for (const char* name : {"bert_mixed", "llama_k"}) {
    const ModelPtr model = open(golden() / "gguf" / (std::string(name) + ".gguf"));
    ASSERT_NE(model, nullptr);
    const Json rows = json_of(golden() / "gguf" / (std::string(name) + ".json"));
    for (const Json& row : rows.as_array()) {
      const std::vector<float> got = states_of(*model, std::string(row["text"].as_string()), Outputs::vectors);
      const auto want = row["vector"].as_array();
      ASSERT_EQ(got.size(), want.size());
      double largest = 0;
      for (const Json& x : want) largest = std::max(largest, std::abs(x.as_number()));
      for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i].as_number(), 1e-5 * largest) << name;
    }
  }
}

// Measured: 0.99995 at least.
TEST(GgufModel, KeepsTheDirectionOfVectorsInQ80) {
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  const ModelPtr model = open(golden() / "gguf/bert_q8_0.gguf");
  ASSERT_NE(model, nullptr);
  const Json rows = json_of(golden() / "transformers/bert/expected.json");
  for (const Json& row : rows.as_array()) {
    const std::string text(row["text"].as_string());
    EXPECT_GT(cosine(states_of(*model, text, Outputs::vectors), row["vector"].as_array()), 0.9995) << text;
  }
}

TEST(GgufModel, OpensAsAFolderAndSavesOne) {
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  const TemporaryFolder folder;
  const ModelPtr model = open(golden() / "gguf/bert.gguf");
  ASSERT_NE(model, nullptr);
  Context context;
  const Status saved = model->save(folder.path() / "saved", context);
  ASSERT_TRUE(saved) << saved.error().message;
  const ModelPtr again = open(folder.path() / "saved");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->card().space_id, model->card().space_id);
  EXPECT_EQ(again->card().facts.at("window from"), "bert.gguf");
}

}  // namespace
}  // namespace isogloss::model
