// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/word_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace isogloss::tokens {
namespace {

std::uint32_t find(const WordTable& table, std::string_view word, std::string_view behind = {}) {
  const std::string text = std::string(word).append(behind);
  return table.find(WordTable::key(std::string_view(text).substr(0, word.size()), text.data() + text.size()), word);
}

TEST(WordTable, FindsWordsWhateverStandsBehindThem) {
  WordTable table;
  table.fill(std::vector<std::pair<std::string, std::uint32_t>>{{"at", 1}, {"atlas", 2}, {"at", 3}});
  EXPECT_EQ(find(table, "at"), 3u);  // the last one counts
  EXPECT_EQ(find(table, "at", "las and more of the text"), 3u);
  EXPECT_EQ(find(table, "atlas"), 2u);
  EXPECT_EQ(find(table, "atl", "as and more of the text"), WordTable::kNone);
  EXPECT_EQ(find(WordTable(), "at"), WordTable::kNone);
}

TEST(WordTable, NulBytesAreBytes) {
  using namespace std::literals;
  WordTable table;
  table.fill(std::vector<std::pair<std::string, std::uint32_t>>{{"a"s, 1}, {"a\0"s, 2}, {"\0"s, 3}});
  EXPECT_EQ(find(table, "a"), 1u);
  EXPECT_EQ(find(table, "a\0"sv), 2u);
  EXPECT_EQ(find(table, "\0"sv, "                 "), 3u);
  EXPECT_EQ(find(table, "\0\0"sv), WordTable::kNone);
}

TEST(WordTable, IsAMapForWordsOfEverySize) {
  std::mt19937 random(3);
  std::map<std::string, std::uint32_t> expected;
  std::vector<std::pair<std::string, std::uint32_t>> words;
  const auto word = [&] {
    std::string made;
    for (std::size_t n = 1 + random() % 24; n > 0; --n) made.push_back("ab"[random() % 2]);
    return made;
  };
  for (std::uint32_t id = 0; id < 3000; ++id) {
    words.emplace_back(word(), id);
    expected[words.back().first] = id;
  }
  WordTable table;
  table.fill(words);
  for (int i = 0; i < 20000; ++i) {
    const std::string wanted = word();
    const auto found = expected.find(wanted);
    ASSERT_EQ(find(table, wanted, i % 2 == 0 ? "" : "abababababababababab"),
              found == expected.end() ? WordTable::kNone : found->second)
        << wanted;
  }
}

}  // namespace
}  // namespace isogloss::tokens
