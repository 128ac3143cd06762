// SPDX-License-Identifier: Apache-2.0
#include "model/lsa/lsa.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

const std::vector<std::string> kTexts{"cats purr",   "cats meow",   "kittens purr",
                                      "stocks fall", "stocks rise", "markets fall"};

// Two texts without a common word: X is the identity (each row has length 1), so rows stay orthonormal.
TEST(Lsa, TextsWithoutCommonWordsStayOrthogonal) {
  const auto model = train_on(lsa_family(), {"aa", "bb"}, {{"dim", std::int64_t{2}}}).value();
  const auto rows = embed_texts(*model, {"aa", "bb"});
  const auto a = dense_row(rows, 0);
  const auto b = dense_row(rows, 1);
  EXPECT_NEAR(a[0] * b[0] + a[1] * b[1], 0.0, 1e-6);
  EXPECT_NEAR(a[0] * a[0] + a[1] * a[1], 1.0, 1e-6);
}

TEST(Lsa, WordsOfTheSameCompanyAreNear) {
  const auto model = train_on(lsa_family(), kTexts, {{"dim", std::int64_t{2}}}).value();
  Context context;
  const auto near = model->ability<Vocabulary>()->near("kittens", 3, context).value();
  std::vector<std::string> words;
  for (const WordScore& score : near) words.push_back(score.word);
  EXPECT_THAT(words, testing::UnorderedElementsAre("cats", "meow", "purr"));
}

TEST(Lsa, DimensionIsNoMoreThanTheCorpusHas) {
  const auto model = train_on(lsa_family(), kTexts).value();
  EXPECT_LE(model->card().dimension, kTexts.size());
  EXPECT_FALSE(model->card().sparse);
}

TEST(Lsa, RowsCanBeCutAndAreOfLengthOneAgain) {
  const auto model = train_on(lsa_family(), kTexts, {{"dim", std::int64_t{4}}}).value();
  EmbedOptions options;
  options.dim = 2;
  const Input input = Input::text("cats fall");
  Context context;
  const auto cut = model->ability<Embedder>()->embed({&input, 1}, options, context).value();
  ASSERT_EQ(cut.dense.dim(), 2u);
  EXPECT_NEAR(std::hypot(cut.dense.row_f32(0)[0], cut.dense.row_f32(0)[1]), 1.0, 1e-6);
  options.dim = 5;
  EXPECT_EQ(model->ability<Embedder>()->embed({&input, 1}, options, context).error().code, Code::invalid_argument);
}

TEST(Lsa, SavedModelGivesTheSameBits) {
  const TemporaryFolder folder;
  Context context;
  const auto model = train_on(lsa_family(), kTexts, {{"dim", std::int64_t{3}}}).value();
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const auto loaded = lsa_family().load(FileSet::open(folder.path() / "m").value(), {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_EQ(dense_row(embed_texts(*loaded, kTexts), 4), dense_row(embed_texts(*model, kTexts), 4));
}

// Most directions of this corpus are the same: their eigenvalues are rounding errors of zero, and so is what couples them.
TEST(Lsa, FitsTextsThatRepeatEachOther) {
  std::vector<std::string> texts;
  for (int n = 1; n <= 300; ++n) {
    const std::string digits = std::to_string(n), rest = digits.substr(1);
    texts.push_back("word" + digits.substr(0, 1) + " harbour " + rest + " engine word" + rest);
  }
  for (const std::int64_t dim : {5, 100}) {
    const auto model = train_on(lsa_family(), texts, {{"dim", dim}});
    ASSERT_TRUE(model) << dim << ": " << model.error().message;
  }
}

}  // namespace
}  // namespace isogloss::model
