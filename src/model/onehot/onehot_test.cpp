// SPDX-License-Identifier: Apache-2.0
#include "model/onehot/onehot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Onehot, WordHasASingleOneAtItsPlaceInTheList) {
  const auto model = train_on(onehot_family(), {"dog", "cat", "mat"}).value();
  EXPECT_THAT(dense_row(embed_texts(*model, {"cat"}), 0), ElementsAre(0, 1, 0));
  EXPECT_EQ(model->ability<Vocabulary>()->find_word("mat"), 2u);
}

TEST(Onehot, UnknownWordIsAnErrorOrZeros) {
  const auto strict = train_on(onehot_family(), {"dog", "cat"}).value();
  const auto embedding = embed_texts(*strict, {"cow", "cat"});
  EXPECT_THAT(embedding.reports[0].error->message, HasSubstr("'cow'"));
  EXPECT_FALSE(embedding.reports[1].error);
  const auto lenient = train_on(onehot_family(), {"dog", "cat"}, {{"unknown", std::string("zeros")}}).value();
  EXPECT_THAT(dense_row(embed_texts(*lenient, {"cow"}), 0), ElementsAre(0, 0));
}

ModelPtr animals(const OptionValues& options) {
  Context context;
  const tokens::MemoryDataset table(
      {"name", "colour", "size", "legs"},
      {{"cat", "red", "small", "4"}, {"dog", "brown", "large", "10"}, {"ant", "red", "tiny", "6"}});
  return onehot_family().train(table, options, context).value();
}

// scikit-learn 1.9.1: OneHotEncoder().fit(frame[["colour", "size"]]).get_feature_names_out()
TEST(Onehot, TableColumnsGiveOneVectorColumnPerCategory) {
  const auto model = animals({{"columns", std::string("colour,size")}});
  const Vocabulary& names = *model->ability<Vocabulary>();
  std::vector<std::string> all;
  for (std::size_t i = 0; i < names.word_count(); ++i) all.emplace_back(names.word(i));
  EXPECT_THAT(all, ElementsAre("colour_brown", "colour_red", "size_large", "size_small", "size_tiny"));
  EXPECT_THAT(dense_row(embed_texts(*model, {"red,\"small\""}), 0), ElementsAre(0, 1, 0, 1, 0));
  EXPECT_TRUE(embed_texts(*model, {"red"}).reports[0].error);
  EXPECT_TRUE(embed_texts(*model, {"blue,small"}).reports[0].error);
}

TEST(Onehot, NamesThatCoincideDoNotMoveOthers) {
  Context context;
  const tokens::MemoryDataset table({"a", "a_b", "z"}, {{"b_c", "c", "last"}});
  const auto model =
      onehot_family().train(table, {{"columns", std::vector<std::string>{"a", "a_b", "z"}}}, context).value();
  const Vocabulary& names = *model->ability<Vocabulary>();
  EXPECT_EQ(names.word(1), "a_b_c");
  EXPECT_EQ(names.find_word("a_b_c"), 0u);
  EXPECT_EQ(names.find_word("z_last"), 2u);
}

TEST(Onehot, NumbersAreOrderedByValue) {
  const auto model = animals({{"columns", std::vector<std::string>{"legs"}}});
  EXPECT_EQ(model->ability<Vocabulary>()->find_word("legs_10"), 2u);
}

TEST(Onehot, UnknownColumnNamesTheNearest) {
  Context context;
  const tokens::MemoryDataset table({"colour"}, {{"red"}});
  EXPECT_THAT(onehot_family().train(table, {{"columns", std::vector<std::string>{"color"}}}, context).error().message,
              HasSubstr("'colour'"));
}

TEST(Onehot, SavedModelGivesTheSameRows) {
  const TemporaryFolder folder;
  Context context;
  const auto model = animals({{"columns", std::string("colour,size")}});
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const auto loaded = onehot_family().load(FileSet::open(folder.path() / "m").value(), {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_THAT(dense_row(embed_texts(*loaded, {"red,tiny"}), 0), ElementsAre(0, 1, 0, 0, 1));
  EXPECT_EQ(loaded->ability<Vocabulary>()->terms(1, context).value()[0].word, "colour_red");
}

}  // namespace
}  // namespace isogloss::model
