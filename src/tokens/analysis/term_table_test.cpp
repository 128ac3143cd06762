// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/term_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unordered_map>

#include "core/random.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;

TextAnalyzerPtr preset(std::string_view name) { return TextAnalyzer::make(analyzer_preset(name).value()).value(); }

TEST(TermTable, NumbersTermsInOrderOfFirstOccurrence) {
  TermTable table(preset("english"));
  std::vector<std::uint32_t> terms;
  table.add_text("Dogs bark at the dog", terms);
  EXPECT_THAT(terms, ElementsAre(0, 1, TermTable::kNone, TermTable::kNone, 0));
  table.add_text("barking cats", terms);
  EXPECT_THAT(terms, ElementsAre(1, 2));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.term(2), "cat");
  EXPECT_EQ(table.find("bark"), 1u);
  EXPECT_EQ(table.find("the"), TermTable::kNone);
}

TEST(TermFinder, FindsOnlyWhatTheColumnsHold) {
  WordMap columns;
  columns.insert("cat");
  columns.insert("dog");
  TermFinder finder(preset("english"), columns);
  std::vector<std::uint32_t> terms;
  finder.find_text("the dogs and a horse", terms);
  EXPECT_THAT(terms, ElementsAre(TermFinder::kNone, 1, TermFinder::kNone, TermFinder::kNone, TermFinder::kUnknown));
}

TEST(WordMap, EqualsAStandardMapOnRandomWords) {
  Random random(5);
  WordMap map;
  std::unordered_map<std::string, std::uint32_t> expected;
  for (int i = 0; i < 50000; ++i) {
    std::string word;
    for (std::uint64_t n = random.bounded(14); n > 0; --n)
      word.push_back(static_cast<char>("ab\0c"[random.bounded(4)]));
    const auto [place, fresh] = expected.emplace(word, static_cast<std::uint32_t>(expected.size()));
    ASSERT_EQ(map.insert(word), place->second);
    const std::string padded = word + "12345678";
    ASSERT_EQ(map.find(WordKey::padded(std::string_view(padded).substr(0, word.size()))), place->second);
  }
  EXPECT_EQ(map.size(), expected.size());
  for (const auto& [word, id] : expected) EXPECT_EQ(map.word(id), word);
}

TEST(PairMap, NumbersPairsInOrder) {
  PairMap map;
  for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(map.insert(PairMap::key(i, i * 7)), i);
  EXPECT_EQ(map.find(PairMap::key(3, 21)), 3u);
  EXPECT_EQ(map.find(PairMap::key(3, 22)), PairMap::kNone);
  EXPECT_EQ(map.pair(3), PairMap::key(3, 21));
}

}  // namespace
}  // namespace isogloss::tokens
