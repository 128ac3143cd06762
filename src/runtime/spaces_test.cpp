// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/test_support.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

class Spaces : public testing::Test {
 protected:
  std::unique_ptr<Collection> open(const std::string& model = {}) {
    CollectionOptions options;
    options.model = model;
    auto collection = Collection::open(folder_.path() / "c", OpenMode::write, options, context_);
    EXPECT_TRUE(collection) << (collection ? "" : collection.error().message);
    return collection ? std::move(*collection) : nullptr;
  }
  void add(Collection& collection, int number) {
    const std::string words = "page " + std::to_string(number) + " harbour engine word" + std::to_string(number % 7);
    const Status added = collection.add("p" + std::to_string(number) + ".txt", words, {}, context_);
    ASSERT_TRUE(added) << added.error().message;
  }
  std::vector<float> row_of(const Model& model, std::string_view text) {
    const std::vector<Input> inputs{Input::text(text, Role::document)};
    const Embedding embedding = model.ability<Embedder>()->embed(inputs, {}, context_).value();
    const auto row = embedding.dense.row_f32(0);
    return {row.begin(), row.end()};
  }
  std::int64_t serving_number(Collection& collection) {
    const auto spaces = collection.store().spaces().value();
    EXPECT_EQ(spaces.size(), 1U);
    return spaces.empty() ? 0 : spaces[0].number;
  }

  TemporaryFolder folder_;
  Context context_;
};

TEST_F(Spaces, AnIndexRunLeavesTheBuildingToWhoIsAtIt) {
  const auto one = open("fit:lsa,dim=2"), other = open();
  for (int i = 0; i < 5; ++i) add(*one, i);
  ASSERT_TRUE(one->reindex("", context_));
  const std::int64_t number = serving_number(*one);
  for (int i = 5; i < 20; ++i) add(*one, i);  // outgrown
  auto turn = one->store().begin_build({}, context_).value();
  const std::filesystem::path none = folder_.path() / "none";
  std::filesystem::create_directory(none);
  auto run = other->index({{none}}, {}, {}, context_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_THAT(run->space_note, testing::HasSubstr("is getting new vectors from process"));
  EXPECT_EQ(serving_number(*one), number);
  turn.reset();
  run = other->index({{none}}, {}, {}, context_);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_THAT(run->space_note, testing::HasSubstr("fitted on 20 chunks"));
  EXPECT_NE(serving_number(*one), number);
}

TEST_F(Spaces, AReindexWaitsForItsTurn) {
  const auto one = open("fit:lsa,dim=2"), other = open();
  for (int i = 0; i < 5; ++i) add(*one, i);
  auto turn = one->store().begin_build({}, context_).value();
  std::jthread finisher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    turn.reset();
  });
  const Status done = other->reindex("", context_);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(other->store().spaces().value().size(), 1U);
}

// The setting is read again under the turn, so a run that began before `reindex --model` does not undo it.
TEST_F(Spaces, AChangeOfModelOutlivesARunThatBeganBefore) {
  const auto one = open("fit:lsa,dim=2"), other = open();
  for (int i = 0; i < 5; ++i) add(*one, i);
  ASSERT_TRUE(other->reindex("fit:lsa,dim=3", context_));
  for (int i = 5; i < 20; ++i) add(*one, i);
  std::filesystem::create_directory(folder_.path() / "none");
  ASSERT_TRUE(one->index({{folder_.path() / "none"}}, {}, {}, context_));
  EXPECT_EQ(one->store().spaces().value().at(0).dimension, 3U);
}

// The text of a document that is nothing but a heading is that heading, once, for the fit as for the vectors.
TEST_F(Spaces, AreFittedOnWhatIsEmbedded) {
  const auto collection = open("fit:lsa,dim=2,norm=none");
  const std::vector<std::string> texts{"Harbour engine", "Tide table\nhigh water at noon", "Engine room"};
  ASSERT_TRUE(collection->add("a.md", "# Harbour engine\n", {}, context_));
  ASSERT_TRUE(collection->add("b.md", "# Tide table\n\nhigh water at noon\n", {}, context_));
  ASSERT_TRUE(collection->add("c.md", "# Engine room\n", {}, context_));
  ASSERT_TRUE(collection->reindex("", context_));
  const std::string space = collection->store().spaces().value().at(0).space_id;
  const auto fitted = load((folder_.path() / "c" / ("fitted-" + space.substr(0, 16))).string(), {}, context_);
  ASSERT_TRUE(fitted) << fitted.error().message;
  const auto reference = parse_model_reference(collection->store().settings().value().at("model"));
  const auto model = train("lsa", tokens::MemoryDataset(texts), reference.value().options, context_);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(row_of(**fitted, "high engine"), testing::Pointwise(testing::FloatEq(), row_of(**model, "high engine")));
}

}  // namespace
}  // namespace isogloss
