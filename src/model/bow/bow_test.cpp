// SPDX-License-Identifier: Apache-2.0
#include "model/bow/bow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::ElementsAre;

TEST(Bow, CountsWordsInOrderOfTheirNames) {
  const auto model = train_on(bow_family(), {"the dog bites the man", "cats"}).value();
  EXPECT_THAT(dense_row(embed_texts(*model, {"The man, the DOG!"}), 0), ElementsAre(0, 0, 1, 1, 2));
}

TEST(Bow, OrderOfWordsIsLost) {
  const auto model = train_on(bow_family(), {"dog bites man"}).value();
  const auto rows = embed_texts(*model, {"dog bites man", "man bites dog"});
  EXPECT_EQ(dense_row(rows, 0), dense_row(rows, 1));
}

TEST(Bow, BinaryCountsOnce) {
  const auto model = train_on(bow_family(), {"aa aa bb"}, {{"binary", true}}).value();
  EXPECT_THAT(dense_row(embed_texts(*model, {"aa aa aa"}), 0), ElementsAre(1, 0));
  Context context;
  EXPECT_EQ(model->ability<Vocabulary>()->terms(2, context).value()[0].score, 1.0);
}

TEST(Bow, SavedModelGivesTheSameRowsEvenWithLineFeedsInFeatures) {
  const TemporaryFolder folder;
  Context context;
  const auto model =
      train_on(bow_family(), {"a\nb \\n"}, {{"unit", std::string("char")}, {"ngram_range", std::string("1-3")}})
          .value();
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const auto loaded = bow_family().load(FileSet::open(folder.path() / "m").value(), {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_EQ(dense_row(embed_texts(*loaded, {"a\nb"}), 0), dense_row(embed_texts(*model, {"a\nb"}), 0));
  EXPECT_TRUE(loaded->ability<Vocabulary>()->find_word("a\nb"));
}

}  // namespace
}  // namespace isogloss::model
