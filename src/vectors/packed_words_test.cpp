// SPDX-License-Identifier: Apache-2.0
#include "vectors/packed_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/test_support.hpp"

namespace isogloss::vectors {
namespace {

WordTable small_table() {
  tokens::WordMap words;
  for (const char* word : {"one", "two", "three"}) words.insert(word);
  return WordTable(words, {1, 0, 0, 1, 1, 1}, 2, {5, 4, 3});
}

TEST(PackedWords, AreTheTableThatWasWritten) {
  TemporaryFolder folder;
  Context context;
  const auto path = folder.path() / "w";
  ASSERT_TRUE(write_packed_words(path, small_table(), "abc", context));
  const OpenedWords opened = open_packed_words(path).value();
  EXPECT_EQ(opened.space_id, "abc");
  EXPECT_EQ(opened.table.size(), 3u);
  EXPECT_EQ(opened.table.find("two"), 1u);
  EXPECT_FALSE(opened.table.find("four"));
  EXPECT_THAT(opened.table.row(2), testing::ElementsAre(1.0F, 1.0F));
  EXPECT_THAT(opened.table.counts(), testing::ElementsAre(5u, 4u, 3u));
  const std::vector<float> vector{0, 2};
  const NearestRequest request{vector};
  EXPECT_EQ(opened.table.nearest(std::span(&request, 1), 1, SIZE_MAX, context).value()[0][0].word, "two");
}

TEST(PackedWords, DamagedFilesAreNamed) {
  TemporaryFolder folder;
  Context context;
  const auto path = folder.path() / "w";
  ASSERT_TRUE(write_packed_words(path, small_table(), "abc", context));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  const auto opened = open_packed_words(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::corrupt_data);
  EXPECT_THAT(opened.error().message, testing::HasSubstr(path.string()));
}

}  // namespace
}  // namespace isogloss::vectors
