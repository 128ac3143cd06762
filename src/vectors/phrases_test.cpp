// SPDX-License-Identifier: Apache-2.0
#include "vectors/phrases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/counting/memory_dataset.hpp"
#include "vectors/word_split.hpp"

namespace isogloss::vectors {
namespace {

using testing::ElementsAre;

Phrases learn(std::vector<std::string> texts, std::size_t levels, double threshold, std::uint64_t min_count) {
  Context context;
  const tokens::MemoryDataset data(std::move(texts));
  return Phrases::learn(
             data,
             [](const Record& record, const std::function<void(std::string_view)>& word) {
               split_words(record.text, false, word);
             },
             levels, threshold, min_count, context)
      .value();
}

std::vector<std::string> joined(const Phrases& phrases, std::vector<std::string> words) {
  phrases.join(words);
  return words;
}

// "new york" 3 times, new 4, york 3, 12 words: (3 - 1) / 4 / 3 * 12 = 2. "new car" (1 - 1) = 0.
TEST(Phrases, JoinsPairsAboveTheThreshold) {
  const std::vector<std::string> texts{"new york is far", "see new york", "new york", "a new car"};
  EXPECT_EQ(learn(texts, 1, 1.99, 1).size(), 1u);
  EXPECT_EQ(learn(texts, 1, 2.0, 1).size(), 0u);
  const Phrases phrases = learn(texts, 1, 1.99, 1);
  EXPECT_THAT(joined(phrases, {"a", "new", "york", "new", "car"}), ElementsAre("a", "new_york", "new", "car"));
}

// Left to right, no word twice; the second level joins what the first has made.
TEST(Phrases, TheNextLevelSeesJoinedWords) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20; ++i) texts.insert(texts.end(), {"new york times", "old town", "red car", "long way"});
  const Phrases one = learn(texts, 1, 2, 2);
  EXPECT_THAT(joined(one, {"new", "york", "times"}), ElementsAre("new_york", "times"));
  const Phrases two = learn(texts, 2, 2, 2);
  EXPECT_THAT(joined(two, {"the", "new", "york", "times"}), ElementsAre("the", "new_york_times"));
}

TEST(Phrases, RareWordsAreNotJoined) {
  EXPECT_EQ(learn({"a b", "a b", "c d"}, 1, 0, 3).size(), 0u);
  EXPECT_TRUE(learn({"a b"}, 0, 0, 1).empty());
}

}  // namespace
}  // namespace isogloss::vectors
