// SPDX-License-Identifier: Apache-2.0
#include "model/bm25/bm25.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

// Documents "cat dog" and "cat cat cat mat", k1 = 1.2, b = 0.75: N = 2, mean length 3.
// idf(dog) = ln(1 + 1.5 / 1.5); tf of dog in document 0 = 1 / (1 + 1.2 (0.25 + 0.75 * 2/3)).
TEST(Bm25, ScoresByHand) {
  const auto model = train_on(bm25_family(), {"cat dog", "cat cat cat mat"}).value();
  const auto documents = embed_texts(*model, {"cat dog", "cat cat cat mat"}, Role::document);
  const auto query = embed_texts(*model, {"dogs"}, Role::query);
  const double idf = std::log(2.0);
  EXPECT_NEAR(dot(query.sparse.row_sparse(0), documents.sparse.row_sparse(0)), idf / (1 + 1.2 * 0.75), 1e-6);
  EXPECT_EQ(dot(query.sparse.row_sparse(0), documents.sparse.row_sparse(1)), 0.0);
}

TEST(Bm25, RepeatedQueryTermsCountTwice) {
  const auto model = train_on(bm25_family(), {"cat dog", "mat"}).value();
  const auto once = embed_texts(*model, {"dog"}, Role::query);
  const auto twice = embed_texts(*model, {"dog dog"}, Role::query);
  EXPECT_NEAR(twice.sparse.row_sparse(0).values[0], 2 * once.sparse.row_sparse(0).values[0], 1e-6);
}

TEST(Bm25, SavedModelGivesTheSameBits) {
  const TemporaryFolder folder;
  Context context;
  const auto model = train_on(bm25_family(), {"cat dog", "mat"},
                              {{"k1", 0.9}, {"b", 0.4}, {"analyzer", std::string("lucene-english")}})
                         .value();
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const auto loaded = bm25_family().load(FileSet::open(folder.path() / "m").value(), {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_EQ(dense_row(embed_texts(*loaded, {"cat cat mat"}), 0), dense_row(embed_texts(*model, {"cat cat mat"}), 0));
}

}  // namespace
}  // namespace isogloss::model
