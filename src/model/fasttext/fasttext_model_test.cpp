// SPDX-License-Identifier: Apache-2.0
#include "model/fasttext/fasttext_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"
#include "model/fasttext/fasttext.hpp"

namespace isogloss::model {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/words" / name;
}

Json expected() { return Json::parse(read_file(golden("fasttext_expected.json")).value(), "expected").value(); }

ModelPtr open(const std::filesystem::path& path, const OptionValues& options = {}) {
  Context context;
  return fasttext_family().load(FileSet::open(path).value(), options, context).value();
}

std::vector<float> numbers(const Json& list) {
  std::vector<float> out;
  for (const Json& x : list.as_array()) out.push_back(static_cast<float>(x.as_number()));
  return out;
}

std::vector<float> word(const Model& model, std::string_view text) {
  const auto* words = model.ability<Vocabulary>();
  std::vector<float> out(words->word_dimension());
  EXPECT_TRUE(words->any_word_vector(text, out)) << text;
  return out;
}

// One word with n-grams of 3 letters, all in one row: cat = its row and <ca, cat, at>; "dog" has three n-grams, too.
formats::FasttextFile tiny() {
  formats::FasttextFile file;
  file.settings.dim = 2;
  file.settings.bucket = 1;
  file.settings.minn = 3;
  file.settings.maxn = 3;
  file.words.add("cat");
  file.word_counts = {1};
  file.tokens = 1;
  file.input = formats::FasttextMatrix::dense({2, 0, 0, 4}, 2, 2);
  file.output = formats::FasttextMatrix::dense({0, 0}, 1, 2);
  return file;
}

TEST(FasttextModel, AWordIsTheMeanOfItsRowAndThoseOfItsNgrams) {
  const auto model = FasttextModel::make(tiny(), {}, "x").value();
  EXPECT_THAT(word(*model, "cat"), ElementsAre(0.5F, 3.0F));
  EXPECT_THAT(word(*model, "dog"), ElementsAre(0.0F, 4.0F));
  EXPECT_FALSE(model->find_word("dog"));
  EXPECT_EQ(model->word_parts("cat").value().size(), 4U);
  const Embedding texts = embed_texts(*model, {"cat dog"});
  EXPECT_THAT(dense_row(texts, 0),
              Pointwise(FloatNear(1e-6F), std::vector<float>{0.5F * 0.164399F, 0.5F * (0.986394F + 1)}));
}

TEST(FasttextModel, GivesTheVectorsOfTheOriginal) {
  const ModelPtr model = open(golden("animals.fasttext.bin"));
  const Json wanted = expected();
  for (const auto& [text, row] : wanted["words"].as_object()) {
    EXPECT_THAT(word(*model, text), Pointwise(FloatNear(1e-6F), numbers(row))) << text;
  }
  for (const auto& [text, row] : wanted["texts"].as_object()) {
    EXPECT_THAT(dense_row(embed_texts(*model, {text}), 0), Pointwise(FloatNear(1e-6F), numbers(row))) << text;
  }
}

TEST(FasttextModel, NeighboursOfAWordNobodySawAreThoseOfTheOriginal) {
  Context context;
  const auto near = open(golden("animals.fasttext.bin"))->ability<Vocabulary>()->near("kitten", 5, context).value();
  const Json wanted = expected();
  ASSERT_EQ(near.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(near[i].word, wanted["near"].as_array()[i].as_array()[0].as_string());
    EXPECT_NEAR(near[i].score, wanted["near"].as_array()[i].as_array()[1].as_number(), 1e-6);
  }
}

// The original adds 0.00001 to a probability that is not of a tree.
void expect_labels(const Model& model, const Json& wanted, double added) {
  Context context;
  const auto* classifier = model.ability<Classifier>();
  for (const auto& [text, labels] : wanted.as_object()) {
    const Input input = Input::text(text);
    const auto found = classifier->classify({&input, 1}, 3, context).value()[0];
    ASSERT_EQ(found.size(), labels.as_array().size()) << text;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto pair = labels.as_array()[i].as_array();
      EXPECT_NEAR(static_cast<double>(found[i].probability), std::min(1.0, pair[1].as_number() - added), 1e-6) << text;
      EXPECT_EQ("__label__" + std::string(classifier->label(found[i].label)), pair[0].as_string()) << text;
    }
  }
}

TEST(FasttextModel, TellsTheLabelsOfTheOriginalForEveryLoss) {
  const Json wanted = expected();
  for (const std::string loss : {"softmax", "ns", "ova"}) {
    SCOPED_TRACE(loss);
    const ModelPtr model = open(golden("animals.fasttext_" + loss + ".bin"));
    expect_labels(*model, wanted[loss], 1e-5);
    EXPECT_THAT(dense_row(embed_texts(*model, {"the cat sleeps"}), 0),
                Pointwise(FloatNear(1e-6F), numbers(wanted[loss + " vector"])));
  }
  expect_labels(*open(golden("animals.fasttext.ftz")), wanted["hs"], 0);
}

TEST(FasttextModel, AFolderOfOursKeepsEverything) {
  TemporaryFolder folder;
  Context context;
  for (const char* name : {"animals.fasttext.bin", "animals.fasttext.ftz", "animals.fasttext_ova.bin"}) {
    const ModelPtr model = open(golden(name));
    ASSERT_TRUE(model->save(folder.path() / name, context));
    const ModelPtr again = open(folder.path() / name);
    EXPECT_EQ(again->card().space_id, model->card().space_id);
    const auto& file = dynamic_cast<const FasttextModel&>(*again).file();
    ASSERT_TRUE(formats::write_fasttext_file(file, folder.path() / "x.bin"));
    EXPECT_TRUE(read_file(folder.path() / "x.bin").value() == read_file(golden(name)).value()) << name;
  }
}

TEST(FasttextModel, PoolOfAClassifierAndAWordTwiceAreErrors) {
  Context context;
  const auto pooled = fasttext_family().load(FileSet::open(golden("animals.fasttext.ftz")).value(),
                                             {{"pool", std::string("sif")}}, context);
  EXPECT_THAT(pooled.error().message, HasSubstr("pool = sif"));
  formats::FasttextFile twice = tiny();
  twice.words.add("cat");
  EXPECT_THAT(FasttextModel::make(std::move(twice), {}, "x").error().message, HasSubstr("'cat' twice"));
}

TEST(FasttextModel, CountsThatMakeNoTreeAreAnError) {
  formats::FasttextFile file = tiny();
  file.settings.kind = formats::FasttextKind::supervised;
  file.settings.loss = formats::FasttextLoss::hs;
  file.labels.add("a");
  file.labels.add("b");
  file.label_counts = {1, 2};
  EXPECT_THAT(FasttextModel::make(std::move(file), {}, "x").error().message, HasSubstr("counts 2 of label 'b'"));
}

TEST(FasttextModel, AWordWithoutNgramsIsNotFound) {
  formats::FasttextFile file = tiny();
  file.settings.maxn = 0;
  const auto model = FasttextModel::make(std::move(file), {}, "x").value();
  std::vector<float> out(2);
  EXPECT_EQ(model->any_word_vector("dog", out).error().code, Code::not_found);
  EXPECT_THAT(word(*model, "cat"), ElementsAre(2, 0));
}

}  // namespace
}  // namespace isogloss::model
