// SPDX-License-Identifier: Apache-2.0
// Values of scikit-learn 1.9.1's TfidfVectorizer.
#include "model/tfidf/tfidf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

const std::vector<std::string> kCats{"the cat sat on the mat", "the dog chased the cat",
                                     "cat fur is soft and the cat will meow", "the dog will bark"};

ModelPtr cats(const OptionValues& options = {}) {
  Context context;
  return tfidf_family().train(tokens::MemoryDataset(kCats), options, context).value();
}

// "a b" and "a a": idf(a) = ln(3/3) + 1 = 1, idf(b) = ln(3/2) + 1 = 1.4055; row 0 = (1, 1.4055) / 1.7249.
TEST(Tfidf, WeighsTwoWordsByHand) {
  Context context;
  const auto model = tfidf_family().train(tokens::MemoryDataset({"aa bb", "aa aa"}), {}, context).value();
  EXPECT_THAT(dense_row(embed_texts(*model, {"aa bb"}), 0),
              ElementsAre(FloatNear(0.579739F, 1e-6F), FloatNear(0.814802F, 1e-6F)));
}

TEST(Tfidf, TermsAreOrderedBySummedWeight) {
  Context context;
  const auto model = cats({{"stop_words", std::string("english")}});
  const auto terms = model->ability<Vocabulary>()->terms(4, context).value();
  ASSERT_EQ(terms.size(), 4u);
  EXPECT_EQ(terms[0].word, "cat");
  EXPECT_NEAR(terms[0].score, 1.4527749, 1e-6);
  EXPECT_EQ(terms[1].word, "dog");
  EXPECT_NEAR(terms[1].score, 1.1726226, 1e-6);
  EXPECT_EQ(terms[2].word, "bark");
  EXPECT_NEAR(terms[2].score, 0.7852883, 1e-6);
  EXPECT_EQ(terms[3].word, "chased");
  EXPECT_NEAR(terms[3].score, 0.7020348, 1e-6);
  EXPECT_NEAR(cats()->ability<Vocabulary>()->terms(1, context).value()[0].score, 1.6024845, 1e-6);
}

TEST(Tfidf, WordsAreVectorsOverTheDocuments) {
  const auto model = cats();
  const Vocabulary& words = *model->ability<Vocabulary>();
  ASSERT_EQ(words.word_dimension(), 4u);
  std::vector<float> vector(4);
  words.word_vector(words.find_word("cat").value(), vector);
  EXPECT_THAT(vector, ElementsAre(FloatNear(0.30100231F, 1e-6F), FloatNear(0.36145869F, 1e-6F),
                                  FloatNear(0.46540875F, 1e-6F), 0.0F));
  Context context;
  const auto near = words.near("cat", 2, context).value();
  EXPECT_EQ(near[0].word, "the");
  EXPECT_EQ(words.near("zebra", 2, context).error().code, Code::not_found);
}

TEST(Tfidf, UnknownWordsGiveAZeroRow) {
  const auto embedding = embed_texts(*cats(), {"zebra", "", "cat"});
  EXPECT_TRUE(embedding.sparse.row_sparse(0).columns.empty());
  EXPECT_TRUE(embedding.sparse.row_sparse(1).columns.empty());
  EXPECT_THAT(embedding.sparse.row_sparse(2).values, ElementsAre(1.0F));
  EXPECT_EQ(embedding.reports[0].tokens_used, 1u);
}

TEST(Tfidf, SavedModelGivesTheSameBits) {
  const TemporaryFolder folder;
  Context context;
  const auto model = cats({{"ngram_range", std::string("1-2")}, {"sublinear_tf", true}});
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const FileSet files = FileSet::open(folder.path() / "m").value();
  EXPECT_EQ(tfidf_family().recognise(files), Recognised::exact);
  const auto loaded = tfidf_family().load(files, {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_EQ(loaded->card().dimension, model->card().dimension);
  for (std::size_t i = 0; i < kCats.size(); ++i) {
    EXPECT_EQ(dense_row(embed_texts(*loaded, kCats), i), dense_row(embed_texts(*model, kCats), i));
  }
  EXPECT_EQ(loaded->ability<Vocabulary>()->terms(3, context).value()[0].word, "the");
  EXPECT_EQ(loaded->ability<Vocabulary>()->word_dimension(), 4u);
}

TEST(Tfidf, RowsDependNeitherOnThreadsNorOnTheBatch) {
  const auto model = cats();
  std::vector<std::string> texts;
  for (int i = 0; i < 9000; ++i) texts.push_back(kCats[i % 4] + (i % 7 == 0 ? " dog" : ""));
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text));
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  const auto together = model->ability<Embedder>()->embed(inputs, {}, context).value();
  for (const std::size_t i : {0, 1, 255, 256, 4095, 4096, 8999}) {
    EXPECT_EQ(dense_row(together, i), dense_row(embed_texts(*model, {texts[i]}), 0)) << i;
  }
}

TEST(Tfidf, CancelledCallReturns) {
  CancelToken cancel;
  cancel.cancel();
  Context context;
  context.cancel = &cancel;
  const Input input = Input::text("cat");
  EXPECT_EQ(cats()->ability<Embedder>()->embed({&input, 1}, {}, context).error().code, Code::cancelled);
}

TEST(Tfidf, DocumentsCanBeLeftOut) {
  Context context;
  const auto model = cats({{"documents", std::string("drop")}});
  EXPECT_EQ(model->ability<Vocabulary>()->word_dimension(), 0u);
  EXPECT_EQ(model->ability<Vocabulary>()->near("cat", 1, context).error().code, Code::unsupported);
  EXPECT_EQ(model->card().space_id, cats()->card().space_id);
}

TEST(Tfidf, FitsThatLeaveNothingAreRefused) {
  Context context;
  EXPECT_EQ(tfidf_family()
                .train(tokens::MemoryDataset({"the of"}), {{"stop_words", std::string("english")}}, context)
                .error()
                .code,
            Code::invalid_argument);
  EXPECT_FALSE(tfidf_family().train(tokens::MemoryDataset(kCats), {{"min_df", 5.0}}, context));
  EXPECT_FALSE(tfidf_family().train(tokens::MemoryDataset(kCats), {{"ngram_range", std::string("2-1")}}, context));
  EXPECT_FALSE(tfidf_family().train(tokens::MemoryDataset(kCats), {{"no_such", true}}, context));
}

}  // namespace
}  // namespace isogloss::model
