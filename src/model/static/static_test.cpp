// SPDX-License-Identifier: Apache-2.0
// Static tables against model2vec and sentence-transformers (tests/golden/static/make.py), and distillation from a tiny
// encoder (tests/golden/transformers).
#include "model/static/static.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/test_support.hpp"
#include "formats/safetensors.hpp"
#include "isogloss/distill.hpp"
#include "model/static/corpus_sample.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

fs::path golden() { return fs::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden"; }

Result<ModelPtr> open(const Family& family, const fs::path& folder) {
  Context context;
  const FileSet files = IG_TRY(FileSet::open(folder));
  return family.load(files, {}, context);
}

std::vector<float> vector_of(const Model& model, std::string_view text) {
  Context context;
  const Input input = Input::text(text);
  const Embedding embedding = model.ability<Embedder>()->embed({&input, 1}, {}, context).value();
  const auto row = embedding.dense.row_f32(0);
  return {row.begin(), row.end()};
}

// A table of three pieces, by hand: "a" = (3, 0), "b" = (0, 4), the unknown piece is left out.
fs::path table_by_hand(const TemporaryFolder& folder, const formats::SafeTensorsWriter& tensors) {
  const fs::path place = folder.path() / "table";
  fs::create_directories(place);
  EXPECT_TRUE(write_file(place / "config.json", R"({"model_type":"model2vec","normalize":false})"));
  EXPECT_TRUE(write_file(place / "model.safetensors", tensors.finish()));
  EXPECT_TRUE(write_file(place / "tokenizer.json",
                         R"({"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"WordLevel","unk_token":"?",)"
                         R"("vocab":{"?":0,"a":1,"b":2}}})"));
  return place;
}

formats::SafeTensorsWriter tensors_by_hand() {
  formats::SafeTensorsWriter tensors;
  const float rows[] = {9, 9, 3, 0, 0, 4};
  tensors.add("embeddings", {3, 2}, std::span<const float>(rows));
  return tensors;
}

// (3, 0) + (3, 0) + (0, 4) over three pieces.
TEST(Static, ATextIsTheMeanOfItsPieces) {
  const TemporaryFolder folder;
  const ModelPtr model = open(static_family(), table_by_hand(folder, tensors_by_hand())).value();
  EXPECT_EQ(vector_of(*model, "a a b"), (std::vector<float>{2, 4.0F / 3}));
  EXPECT_EQ(vector_of(*model, "a nothing"), (std::vector<float>{3, 0}));
  EXPECT_EQ(vector_of(*model, ""), (std::vector<float>{0, 0}));
}

TEST(Static, WeightsAndMappingGoByPiece) {
  const TemporaryFolder folder;
  formats::SafeTensorsWriter tensors;
  const float rows[] = {1, 10};
  const double weights[] = {1, 0.5, 2};
  const std::int64_t mapping[] = {0, 0, 0};
  tensors.add("embeddings", {1, 2}, std::span<const float>(rows));
  tensors.add("weights", {3}, std::span<const double>(weights));
  tensors.add("mapping", {3}, std::span<const std::int64_t>(mapping));
  const ModelPtr model = open(static_family(), table_by_hand(folder, tensors)).value();
  EXPECT_EQ(vector_of(*model, "a"), (std::vector<float>{0.5F, 5}));
  EXPECT_EQ(vector_of(*model, "b"), (std::vector<float>{2, 20}));
}

TEST(Static, BrokenTablesAreNamed) {
  const TemporaryFolder folder;
  const auto message = [&](const formats::SafeTensorsWriter& tensors) {
    const auto opened = open(static_family(), table_by_hand(folder, tensors));
    return opened ? std::string("opened") : opened.error().message;
  };
  EXPECT_THAT(message({}), HasSubstr("no matrix 'embeddings'"));
  const float rows[] = {1, 2, 3, 4};
  formats::SafeTensorsWriter few;
  few.add("embeddings", {2, 2}, std::span<const float>(rows));
  EXPECT_THAT(message(few), HasSubstr("has 2 vectors, the tokenizer has 3 pieces"));
  const float bad[] = {1, 2, 3, NAN, 5, 6};
  formats::SafeTensorsWriter not_finite;
  not_finite.add("embeddings", {3, 2}, std::span<const float>(bad));
  EXPECT_THAT(message(not_finite), HasSubstr("not finite"));
  const std::int64_t wild[] = {0, 1, 7};
  formats::SafeTensorsWriter mapped = tensors_by_hand();
  mapped.add("mapping", {3}, std::span<const std::int64_t>(wild));
  EXPECT_THAT(message(mapped), HasSubstr("sends piece 2 to row 7 of 3"));
  formats::SafeTensorsWriter short_weights = tensors_by_hand();
  short_weights.add("weights", {2}, std::span<const float>(rows).first(2));
  EXPECT_THAT(message(short_weights), HasSubstr("one number for each of the 3 pieces"));
  formats::SafeTensorsWriter integers;
  integers.add("embeddings", {3, 1}, std::span<const std::int64_t>(wild));
  EXPECT_THAT(message(integers), HasSubstr("of type I64"));
}

class StaticGolden : public testing::TestWithParam<std::string> {};

TEST_P(StaticGolden, GivesTheVectorsOfTheReference) {
  const fs::path folder = golden() / "static" / GetParam();
  ASSERT_EQ(static_family().recognise(FileSet::open(folder).value()), Recognised::exact);
  const auto model = open(static_family(), folder);
  ASSERT_TRUE(model) << model.error().message;
  const Json expected = Json::parse(read_file(folder / "expected.json").value(), "expected.json").value();
  for (const Json& row : expected.as_array()) {
    const std::vector<float> got = vector_of(**model, row["text"].as_string());
    ASSERT_EQ(got.size(), row["vector"].as_array().size());
    // Sums of f16 are rounded to f16 by the reference.
    const double allowed = GetParam().find("f16") != std::string::npos ? 2e-3 : 1e-6;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], row["vector"].as_array()[i].as_number(), allowed) << row["text"].as_string();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, StaticGolden,
                         testing::Values("model2vec_f32", "model2vec_f16_mean", "model2vec_f64",
                                         "model2vec_int8_weights", "model2vec_mapping", "sentence_transformers",
                                         "sentence_transformers_mean"),
                         [](const auto& test) { return test.param; });

// Every token is counted; pieces are consecutive and within the limits; the sample is no larger than asked.
TEST(CorpusSample, CountsAllAndKeepsSome) {
  const TemporaryFolder folder;
  const ModelPtr model = open(static_family(), table_by_hand(folder, tensors_by_hand())).value();
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back("a a b a b b a");
  texts.push_back("a");  // too short
  Context context;
  const auto sample =
      sample_corpus(tokens::MemoryDataset(texts), model->ability<TokenEmbedder>()->tokenizer(), {100, 3, 4}, context);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->counts, (std::vector<std::uint64_t>{0, 5000 * 4 + 1, 5000 * 3}));
  EXPECT_EQ(sample->tokens, 35001U);
  ASSERT_EQ(sample->texts(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_GE(sample->text(i).size(), 3U);
    EXPECT_LE(sample->text(i).size(), 4U);
  }
}

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> texts = [] {
    const std::vector<std::string> words{"cat",    "dog", "moon", "hill", "sat", "barked",
                                         "chased", "the", "over", "and",  "away"};
    std::vector<std::string> made;
    for (std::size_t i = 0; i < 400; ++i) {
      std::string text;
      for (std::size_t k = 0; k < 5 + i % 7; ++k) text += words[(i * 31 + k * k * 7 + i / 11 * k) % words.size()] + " ";
      made.push_back(text);
    }
    return made;
  }();
  return texts;
}

DistillOptions small(const std::string& dtype) {
  DistillOptions options;
  options.dtype = dtype;
  options.compute = "f32";
  options.least_tokens = 3;
  options.lambda = 1e-3;  // of few texts
  return options;
}

TEST(Distill, ATableFittedToTextsIsNearerToItsTeacherThanOneThatIsNot) {
  const auto teacher = open(*find_family("transformer").value(), golden() / "transformers/bert");
  ASSERT_TRUE(teacher) << teacher.error().message;
  Context context;
  const Distilled fitted =
      distill(**teacher, std::make_unique<tokens::MemoryDataset>(corpus()).get(), small("f32"), context).value();
  const Distilled plain = distill(**teacher, nullptr, small("f32"), context).value();
  EXPECT_GT(fitted.quality.texts, 0U);
  EXPECT_GT(fitted.quality.correlation, 0.3);
  EXPECT_EQ(plain.quality.texts, 0U);
  // What the fit imitates are the teacher's vectors less their mean.
  const auto cosine_of_pairs = [&](const Model& model) {
    std::vector<std::vector<float>> rows;
    for (std::size_t i = 0; i < 60; ++i) rows.push_back(vector_of(model, corpus()[i]));
    for (std::size_t j = 0; j < rows[0].size(); ++j) {
      float mean = 0;
      for (const auto& row : rows) mean += row[j] / 60;
      for (auto& row : rows) row[j] -= mean;
    }
    const auto dot = [](const auto& a, const auto& b) {
      return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
    };
    std::vector<float> out;
    for (std::size_t i = 0; i < 60; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        out.push_back(dot(rows[i], rows[j]) / std::sqrt(dot(rows[i], rows[i]) * dot(rows[j], rows[j])));
      }
    }
    return out;
  };
  const auto correlation = [](const std::vector<float>& x, const std::vector<float>& y) {
    double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double a = x[i], b = y[i];
      n += 1, sx += a, sy += b, sxx += a * a, syy += b * b, sxy += a * b;
    }
    return (n * sxy - sx * sy) / std::sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
  };
  const auto taught = cosine_of_pairs(**teacher);
  EXPECT_GT(correlation(taught, cosine_of_pairs(*fitted.model)), correlation(taught, cosine_of_pairs(*plain.model)));
}

TEST(Distill, GivesTheSameBitsAtAnyNumberOfThreadsAndAfterSaving) {
  const auto teacher = open(*find_family("transformer").value(), golden() / "transformers/bert").value();
  const TemporaryFolder folder;
  const tokens::MemoryDataset data(corpus());
  ThreadPool pool(4);
  Context alone, together;
  together.pool = &pool;
  for (const char* dtype : {"int8", "f16", "f32"}) {
    const ModelPtr one = distill(*teacher, &data, small(dtype), alone).value().model;
    const ModelPtr four = distill(*teacher, &data, small(dtype), together).value().model;
    EXPECT_EQ(one->card().space_id, four->card().space_id);
    ASSERT_TRUE(one->save(folder.path() / dtype, alone));
    const ModelPtr again = open(static_family(), folder.path() / dtype).value();
    EXPECT_EQ(again->card().space_id, one->card().space_id);
    for (const char* text : {"the cat sat", "", "over the hill and far away"}) {
      EXPECT_EQ(vector_of(*one, text), vector_of(*four, text));
      EXPECT_EQ(vector_of(*one, text), vector_of(*again, text));
    }
  }
}

TEST(Distill, RefusesWhatCannotTeach) {
  Context context;
  const auto message = [&](const fs::path& folder, const Dataset* data, const DistillOptions& options) {
    const auto model = folder.parent_path().filename() == "static" ? open(static_family(), folder)
                                                                   : open(*find_family("transformer").value(), folder);
    const auto made = distill(**model, data, options, context);
    return made ? std::string("made") : made.error().message;
  };
  EXPECT_THAT(message(golden() / "static/model2vec_f32", nullptr, {}), HasSubstr("cannot teach"));
  EXPECT_THAT(message(golden() / "transformers/splade", nullptr, {}), HasSubstr("cannot teach"));
  const tokens::MemoryDataset few({"the cat sat on the mat and the dog"});
  EXPECT_THAT(message(golden() / "transformers/bert", &few, {}), HasSubstr("100 are the least"));
  DistillOptions wide;
  wide.dim = 4096;
  EXPECT_THAT(message(golden() / "transformers/bert", nullptr, wide), HasSubstr("at most the teacher's 32"));
  DistillOptions crossed;
  crossed.least_tokens = 50;
  EXPECT_THAT(message(golden() / "transformers/bert", nullptr, crossed), HasSubstr("must not be below"));
}

}  // namespace
}  // namespace isogloss::model
