// SPDX-License-Identifier: Apache-2.0
#include "model/classifier/classifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/test_support.hpp"
#include "isogloss/model.hpp"
#include "model/open_files.hpp"

namespace isogloss::model {
namespace {

using testing::HasSubstr;

class Labelled final : public Dataset {
 public:
  explicit Labelled(std::vector<std::pair<std::string, std::string>> rows) : rows_(std::move(rows)) {}
  const std::vector<std::string>& column_names() const override { return none_; }
  std::size_t blocks() const override { return 1; }
  Status read_block(std::size_t, const RecordSink& sink, Context&) const override {
    for (const auto& [label, text] : rows_) {
      Record record;
      record.label = label;
      record.text = text;
      IG_TRY(sink(record));
    }
    return {};
  }
  std::string description() const override { return "a list"; }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
  std::vector<std::string> none_;
};

const Labelled kPets(
    {{"cat", "soft fur and a meow"}, {"dog", "a loud bark"}, {"cat", "fur on the sofa"}, {"dog", "bark at the moon"}});

ModelPtr trained(const OptionValues& options) {
  Context context;
  auto model = classifier_family().train(kPets, options, context);
  EXPECT_TRUE(model) << (model ? "" : model.error().message);
  return model ? *model : nullptr;
}

std::vector<LabelScore> labels_of(const Model& model, std::string_view text) {
  Context context;
  const Input input[] = {Input::text(text)};
  return model.ability<Classifier>()->classify(input, 2, context).value()[0];
}

TEST(Classifier, TellsTheLabelOfTheNearestTextsWithEveryHead) {
  for (const std::string head : {"logistic", "centroid", "knn"}) {
    const ModelPtr model = trained({{"head", head}, {"neighbours", std::int64_t{1}}});
    const auto found = labels_of(*model, "my fur");
    ASSERT_EQ(found.size(), 2U) << head;
    EXPECT_EQ(model->ability<Classifier>()->label(found[0].label), "cat") << head;
    EXPECT_GT(found[0].probability, found[1].probability);
    EXPECT_TRUE(labels_of(*model, "zymurgy").empty()) << "nothing is known of it";
  }
}

TEST(Classifier, KeepsTheModelItReadsInside) {
  Context context;
  TemporaryFolder folder;
  for (const std::string head : {"logistic", "centroid", "knn"}) {
    const ModelPtr model = trained({{"head", head}});
    ASSERT_TRUE(model->save(folder.path() / head, context));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / head / "base/vocabulary.txt"));
    const FileSet files = FileSet::open(folder.path() / head).value();
    const ModelPtr again = load_files(files, "", {}, context).value();
    EXPECT_EQ(again->card().space_id, model->card().space_id);
    EXPECT_EQ(labels_of(*again, "my fur")[0].probability, labels_of(*model, "my fur")[0].probability);
  }
}

TEST(Classifier, AnotherModelInsideIsRefused) {
  Context context;
  TemporaryFolder folder;
  const auto path = folder.path() / "m";
  ASSERT_TRUE(trained({})->save(path, context));
  ASSERT_TRUE(trained({{"vectors", std::string("bow")}})->save(folder.path() / "other", context));
  std::filesystem::remove_all(path / "base");
  EXPECT_EQ(load_files(FileSet::open(path).value(), "", {}, context).error().code, Code::not_found);
  std::filesystem::copy(folder.path() / "other/base", path / "base", std::filesystem::copy_options::recursive);
  EXPECT_EQ(load_files(FileSet::open(path).value(), "", {}, context).error().code, Code::mismatch);
  std::filesystem::remove_all(path / "base");
  std::filesystem::copy(folder.path() / "other", path / "base", std::filesystem::copy_options::recursive);
  EXPECT_THAT(load_files(FileSet::open(path).value(), "", {}, context).error().message, HasSubstr("is a classifier"));
}

TEST(Classifier, WhatItCannotLearnFromIsNamed) {
  Context context;
  const auto message = [&](const Labelled& data, const OptionValues& options) {
    return classifier_family().train(data, options, context).error().message;
  };
  EXPECT_THAT(message(Labelled({{"a", "two words"}, {"", "words"}}), {}), HasSubstr("text 2 has no label"));
  EXPECT_THAT(message(Labelled({{"a", "two words"}, {"a", "words"}}), {}), HasSubstr("two labels"));
  EXPECT_THAT(message(kPets, {{"vectors", std::string("transformer")}}), HasSubstr("-m MODEL"));
  EXPECT_THAT(message(kPets, {{"vectors", std::string("bm52")}}), HasSubstr("bm25"));
  EXPECT_THAT(message(kPets, {{"vectors", std::string("classifier")}}), HasSubstr("cannot be fitted"));
}

}  // namespace
}  // namespace isogloss::model
