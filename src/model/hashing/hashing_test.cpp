// SPDX-License-Identifier: Apache-2.0
#include "model/hashing/hashing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/hash.hpp"
#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"

namespace isogloss::model {
namespace {

// murmurhash3_32("cat") decides column and sign.
TEST(Hashing, ColumnAndSignComeFromTheHash) {
  const auto model =
      train_on(hashing_family(), {}, {{"n_features", std::int64_t{16}}, {"norm", std::string("none")}}).value();
  const auto hash = static_cast<std::int32_t>(murmur3_32("cat"));
  const auto rows = embed_texts(*model, {"cat cat"});
  const SparseRow row = rows.sparse.row_sparse(0);
  ASSERT_EQ(row.columns.size(), 1u);
  EXPECT_EQ(row.columns[0], static_cast<std::uint32_t>(std::abs(hash) % 16));
  EXPECT_EQ(row.values[0], hash < 0 ? -2.0F : 2.0F);
}

TEST(Hashing, OppositeSignsInOneColumnAddUp) {
  const OptionValues options{{"n_features", std::int64_t{1}}, {"norm", std::string("none")}};
  const auto model = train_on(hashing_family(), {}, options).value();
  float sum = 0;
  std::string text;
  for (const char* word : {"cat", "dog", "mat", "sat"}) {
    sum += static_cast<std::int32_t>(murmur3_32(word)) < 0 ? -1.0F : 1.0F;
    text += std::string(word) + " ";
  }
  EXPECT_EQ(dense_row(embed_texts(*model, {text}), 0)[0], sum);
}

TEST(Hashing, SavedModelGivesTheSameRows) {
  const TemporaryFolder folder;
  Context context;
  const auto model =
      train_on(hashing_family(), {}, {{"ngram_range", std::string("1-2")}, {"stop_words", std::string("english")}})
          .value();
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const auto loaded = hashing_family().load(FileSet::open(folder.path() / "m").value(), {}, context).value();
  EXPECT_EQ(loaded->card().space_id, model->card().space_id);
  EXPECT_EQ(dense_row(embed_texts(*loaded, {"the big cat"}), 0), dense_row(embed_texts(*model, {"the big cat"}), 0));
}

}  // namespace
}  // namespace isogloss::model
