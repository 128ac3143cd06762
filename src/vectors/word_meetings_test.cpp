// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "isogloss/words.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Meetings> count(std::vector<std::string> texts, std::vector<std::string> words, MeetingOptions options = {}) {
  Context context;
  return count_meetings(tokens::MemoryDataset(std::move(texts)), words, options, context);
}

// cat _ dog: distance 2; dog cat: 1; cat ... cat in the first text: 3. Nothing across texts.
TEST(Meetings, AreCountedByDistanceWithinATextInBothOrders) {
  const Meetings found = count({"cat the dog cat", "dog", "cat"}, {"cat", "dog"}, {.window = 3}).value();
  EXPECT_THAT(found.occurrences, ElementsAre(3, 2));
  EXPECT_THAT(found.pairs, ElementsAre(1, 2, 2, 0));
  EXPECT_THAT(found.weighted, ElementsAre(1.0 / 3, 1.5, 1.5, 0));
  EXPECT_THAT(count({"cat the dog cat"}, {"cat", "dog"}, {.window = 1})->pairs, ElementsAre(0, 1, 1, 0));
}

TEST(Meetings, WordsAreReadAsAsked) {
  EXPECT_THAT(count({"Cat, dog"}, {"cat", "dog"})->occurrences, ElementsAre(0, 1));
  const MeetingOptions lower{.window = 1, .signs = true, .lowercase = true};
  EXPECT_THAT(count({"Cat, dog"}, {"CAT", "dog"}, lower)->occurrences, ElementsAre(1, 1));
  EXPECT_THAT(count({"Cat, dog"}, {"CAT", "dog"}, lower)->pairs[1], 0u) << "the comma stands between them";
}

TEST(Meetings, ImpossibleQuestionsAreRefused) {
  EXPECT_THAT(count({"a"}, {}).error().message, HasSubstr("no word"));
  EXPECT_THAT(count({"a"}, {"a", "a"}).error().message, HasSubstr("twice"));
  EXPECT_THAT(count({"a"}, {"a"}, {.window = 0}).error().message, HasSubstr("window"));
  std::vector<std::string> many;
  for (int i = 0; i < 10000; ++i) many.push_back(std::to_string(i));
  EXPECT_THAT(count({"a"}, many).error().message, HasSubstr("too many"));
}

}  // namespace
}  // namespace isogloss
