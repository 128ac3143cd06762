// SPDX-License-Identifier: Apache-2.0
#include "tokens/word/word_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;

TEST(WordTrainer, RanksByCountAndLeavesRareWordsOut) {
  WordCounts counts;
  counts.add("dog", 4);
  counts.add("cat", 4);
  counts.add("the", 9);
  counts.add("emu", 1);
  counts.add("[UNK]", 7);
  EXPECT_THAT(train_words(counts, {30000, 2, {"[UNK]"}}), ElementsAre("[UNK]", "the", "cat", "dog"));
  EXPECT_THAT(train_words(counts, {3, 2, {"[UNK]"}}), ElementsAre("[UNK]", "the", "cat"));
}

}  // namespace
}  // namespace isogloss::tokens
