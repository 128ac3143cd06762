// SPDX-License-Identifier: Apache-2.0
// Tiny random checkpoints of every architecture against what the reference library gives for them
// (tests/golden/transformers/make.py).
#include "model/transformer/transformer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/file.hpp"
#include "core/json.hpp"
#include "model/transformer/pooling.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;

fs::path golden() { return fs::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/transformers"; }

std::vector<std::string> cases() {
  std::vector<std::string> names;
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) return names;
  for (const auto& entry : fs::directory_iterator(golden())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

ModelPtr open(const std::string& name) {
  Context context;
  const FileSet files = FileSet::open(golden() / name).value();
  auto model = transformer_family().load(files, {{"compute", std::string("f32")}}, context);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? *model : nullptr;
}

Json expected(const std::string& name) {
  return Json::parse(read_file(golden() / name / "expected.json").value(), name).value();
}

// Within 1e-5 of the largest value of the row.
void expect_near(std::span<const float> got, std::span<const Json> want, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  float largest = 0;
  for (const Json& x : want) largest = std::max(largest, std::abs(static_cast<float>(x.as_number())));
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i].as_number(), 1e-5F * largest) << what << ", column " << i;
  }
}

EmbedOptions in_f32() {
  EmbedOptions options;
  options.truncate = Truncate::end;
  return options;
}

// sum over tokens 1 + 2 + 3 of (1, 4), (2, 5), (3, 6), the first left out: mean, then weights 2 and 3.
TEST(Pooling, WeighsTheTokensThatCount) {
  const float rows[] = {1, 4, 2, 5, 3, 6};
  const HiddenStates states{rows, 2, 3, 2, 1};
  const Pooling modes[] = {Pooling::mean, Pooling::weighted_mean, Pooling::last, Pooling::cls, Pooling::max};
  std::vector<float> out(10);
  pool(modes, states, out);
  const std::vector<float> want{2.5F, 5.5F, (2 * 2 + 3 * 3) / 5.0F, (2 * 5 + 3 * 6) / 5.0F, 3, 6, 2, 5, 3, 6};
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_FLOAT_EQ(out[i], want[i]) << i;
}

// 256 texts, alone or with others, in three orders, on one to four threads, in every arithmetic.
TEST(Transformer, SameBitsInAnyBatchOrderAndNumberOfThreads) {
  const ModelPtr model = open("bert");
  ASSERT_NE(model, nullptr);
  const auto* embedder = model->ability<Embedder>();
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 256; ++i) {
    std::string text = "the cat";
    for (std::size_t k = 0; k < i * 37 % 23; ++k) text += k % 3 == 0 ? " dog " + std::to_string(i) : " moon and hill";
    texts.push_back(text);
  }
  ThreadPool pool(4);
  const auto bits = [&](std::span<const std::size_t> order, std::size_t batch, std::size_t threads,
                        const std::string& compute) {
    Context context;
    context.pool = &pool;
    context.threads = threads;
    EmbedOptions options;
    options.compute = compute;
    options.truncate = Truncate::end;
    std::vector<std::string> out(texts.size());
    for (std::size_t begin = 0; begin < order.size(); begin += batch) {
      std::vector<Input> inputs;
      for (std::size_t i = begin; i < std::min(order.size(), begin + batch); ++i)
        inputs.push_back(Input::text(texts[order[i]]));
      const Embedding embedding = embedder->embed(inputs, options, context).value();
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto row = embedding.dense.row_f32(i);
        out[order[begin + i]].assign(static_cast<const char*>(static_cast<const void*>(row.data())), row.size_bytes());
      }
    }
    return out;
  };
  std::vector<std::size_t> order(texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (const char* compute : {"f32", "bf16", "int8"}) {
    const auto expected = bits(order, 1, 1, compute);
    for (const std::size_t batch : {1, 2, 3, 7, 16, 64, 256}) {
      for (const std::size_t threads : {1, 2, 4}) {
        for (const std::size_t step : {1, 5, 255}) {  // orders: forwards, by fives, backwards
          std::vector<std::size_t> walk(texts.size());
          for (std::size_t i = 0; i < walk.size(); ++i) walk[i] = i * step % texts.size();
          EXPECT_EQ(bits(walk, batch, threads, compute), expected)
              << compute << " " << batch << " " << threads << " " << step;
        }
      }
    }
  }
}

class TransformerGolden : public testing::TestWithParam<std::string> {};

TEST_P(TransformerGolden, GivesTheVectorsOfTheReference) {
  const ModelPtr model = open(GetParam());
  ASSERT_NE(model, nullptr);
  const auto* embedder = model->ability<Embedder>();
  if (embedder == nullptr) return;
  Context context;
  const Json want = expected(GetParam());
  for (const Json& row : want.as_array()) {
    const std::string text(row["text"].as_string());
    const Input input = Input::text(text, GetParam() == "prompts" ? Role::query : Role::none);
    if (row["vector"].is_array()) {
      const auto got = embedder->embed({&input, 1}, in_f32(), context);
      ASSERT_TRUE(got) << got.error().message;
      expect_near(got->dense.row_f32(0), row["vector"].as_array(), "vector of '" + text + "'");
    }
    if (row["columns"].is_array()) {
      const auto got = embedder->embed({&input, 1}, in_f32(), context);
      ASSERT_TRUE(got) << got.error().message;
      const SparseRow sparse = got->sparse.row_sparse(0);
      ASSERT_EQ(sparse.columns.size(), row["columns"].as_array().size()) << text;
      for (std::size_t i = 0; i < sparse.columns.size(); ++i) {
        EXPECT_EQ(sparse.columns[i], static_cast<std::uint32_t>(row["columns"].as_array()[i].as_integer()));
      }
      expect_near(sparse.values, row["values"].as_array(), "weights of '" + text + "'");
    }
    if (row["tokens"].is_array()) {
      EmbedOptions options = in_f32();
      options.outputs = Outputs::tokens;
      const auto got = embedder->embed({&input, 1}, options, context);
      ASSERT_TRUE(got) << got.error().message;
      const auto rows = row["tokens"].as_array();
      ASSERT_EQ(got->per_token.rows(), rows.size()) << text;
      for (std::size_t t = 0; t < rows.size(); ++t) {
        expect_near(got->per_token.row_f32(t), rows[t].as_array(), "token " + std::to_string(t) + " of '" + text + "'");
      }
    }
  }
}

TEST_P(TransformerGolden, ScoresPairsAsTheReference) {
  const ModelPtr model = open(GetParam());
  ASSERT_NE(model, nullptr);
  const auto* scorer = model->ability<PairScorer>();
  const Json want = expected(GetParam());
  EXPECT_EQ(scorer != nullptr, want["pairs"].is_array());
  if (scorer == nullptr) return;
  Context context;
  for (const Json& pair : want["pairs"].as_array()) {
    const std::string_view document = pair.as_array()[1].as_string();
    float score = 0;
    const Status status = scorer->score(pair.as_array()[0].as_string(), {&document, 1}, {&score, 1}, context);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_NEAR(score, pair.as_array()[2].as_number(), 1e-5) << document;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TransformerGolden, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<std::string>& test) { return test.param; });

}  // namespace
}  // namespace isogloss::model
