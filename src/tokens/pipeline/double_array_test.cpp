// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/double_array.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace isogloss::tokens {
namespace {

std::vector<std::uint32_t> prefixes(const DoubleArray& trie, std::string_view text) {
  std::vector<std::uint32_t> found;
  if (trie.empty()) return found;
  DoubleArray::Cursor cursor(trie);
  for (const char c : text) {
    if (!cursor.step(c)) break;
    if (cursor.has_value()) found.push_back(cursor.value());
  }
  return found;
}

TEST(DoubleArray, FindsEveryKeyThatATextBeginsWith) {
  const DoubleArray trie({{"a", 7}, {"abc", 3}, {"b", 0}, {"", 9}, {"abc", 4}});
  EXPECT_EQ(prefixes(trie, "abcd"), (std::vector<std::uint32_t>{7, 4}));
  EXPECT_EQ(prefixes(trie, "ab"), (std::vector<std::uint32_t>{7}));
  EXPECT_EQ(prefixes(trie, "b"), (std::vector<std::uint32_t>{0}));
  EXPECT_TRUE(prefixes(trie, "c").empty());
  EXPECT_TRUE(DoubleArray().empty());
}

TEST(DoubleArray, ANulByteBehindAKeyEndsIt) {
  const DoubleArray trie({{"a", 1}, {"b", 2}});
  EXPECT_EQ(prefixes(trie, std::string_view("a\0b", 3)), (std::vector<std::uint32_t>{1}));
  const DoubleArray with_nul({{std::string_view("a\0", 2), 1}, {"b", 2}});
  EXPECT_EQ(prefixes(with_nul, std::string_view("a\0\0b", 4)), (std::vector<std::uint32_t>{1}));
}

TEST(DoubleArray, AgreesWithAMapOnRandomKeysOfAllBytes) {
  std::mt19937 random(3);
  std::map<std::string, std::uint32_t> reference;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    std::string key;
    for (std::size_t n = 1 + random() % 6; n > 0; --n) {
      key.push_back(static_cast<char>(random() % 3 == 0 ? random() % 256 : '0' + random() % 10));
    }
    reference[key] = i;
  }
  std::vector<std::pair<std::string_view, std::uint32_t>> keys(reference.begin(), reference.end());
  const DoubleArray trie(keys);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = 1 + random() % 8; n > 0; --n) {
      text.push_back(static_cast<char>(random() % 3 == 0 ? random() % 256 : '0' + random() % 10));
    }
    std::vector<std::uint32_t> expected;
    for (std::size_t n = 1; n <= text.size(); ++n) {
      if (const auto place = reference.find(text.substr(0, n)); place != reference.end())
        expected.push_back(place->second);
    }
    ASSERT_EQ(prefixes(trie, text), expected);
  }
}

}  // namespace
}  // namespace isogloss::tokens
