// SPDX-License-Identifier: Apache-2.0
#include "core/places.hpp"

#include <gtest/gtest.h>

namespace isogloss {
namespace {

TEST(Places, WordsOfALineShareABox) {
  // "ab cd" on line one, "ef" on line two, "gh" at the top of the next page.
  const std::vector<Box> words{{{0, 2}, 1, 10, 20, 30, 30},
                               {{3, 5}, 1, 35, 21, 50, 31},
                               {{6, 8}, 1, 10, 40, 30, 50},
                               {{9, 11}, 2, 10, 40, 30, 50}};
  const std::vector<Box> lines = line_boxes(words, {0, 11});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at, (Span{0, 5}));
  EXPECT_EQ(lines[0].left, 10);
  EXPECT_EQ(lines[0].right, 50);
  EXPECT_EQ(lines[0].bottom, 31);
  EXPECT_EQ(lines[2].page, 2u);
  EXPECT_EQ(line_boxes(words, {3, 5}).size(), 1u);
  EXPECT_TRUE(line_boxes(words, {5, 6}).empty());  // the blank between two words
}

TEST(Places, WordsFromRightToLeftShareABox) {
  const std::vector<Box> lines =
      line_boxes(std::vector<Box>{{{0, 2}, 1, 60, 20, 80, 30}, {{3, 5}, 1, 30, 20, 50, 30}}, {0, 5});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].left, 30);
  EXPECT_EQ(lines[0].right, 80);
}

TEST(Places, TimeReachesFromTheFirstMomentToTheLast) {
  const std::vector<Moment> moments{{{0, 4}, 1.5, 2}, {{5, 9}, 3, 4.25}, {{10, 14}, 9, 10}};
  const auto time = time_of(moments, {2, 8});
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(time->begin, 1.5);
  EXPECT_EQ(time->end, 4.25);
  EXPECT_FALSE(time_of(moments, {4, 5}).has_value());
  EXPECT_EQ(clock_time(3723.0625), "1:02:03.063");
}

TEST(Places, LinesCountFromOneAndGoBackForAnOverlap) {
  std::vector<Chunk> chunks(3);
  chunks[0].at = {0, 5};
  chunks[1].at = {4, 9};  // "a\nb\ncc\nd": byte 4 is on line 3
  chunks[2].at = {2, 3};
  number_lines("a\nb\ncc\nd\n", chunks);
  EXPECT_EQ(chunks[0].line, 1u);
  EXPECT_EQ(chunks[1].line, 3u);
  EXPECT_EQ(chunks[2].line, 2u);
}

}  // namespace
}  // namespace isogloss
