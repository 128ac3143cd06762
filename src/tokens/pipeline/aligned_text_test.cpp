// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/aligned_text.hpp"

#include <gtest/gtest.h>

namespace isogloss::tokens {
namespace {

TEST(AlignedText, AReplacedCharacterKeepsItsOrigin) {
  AlignedText from;
  AlignedText to;
  from.view("aé!", 10);  // a at 10, é at 11-13, ! at 13
  Rewriter out(from, to);
  out.keep_to(1);
  out.replace('e');
  out.keep_to(4);
  out.finish();
  EXPECT_EQ(to.bytes(), "ae!");
  EXPECT_EQ(to.origin(1, 2), (PieceSpan{11, 13}));
  EXPECT_EQ(to.origin(0, 3), (PieceSpan{10, 14}));
}

TEST(AlignedText, NothingIsStoredWhileNothingMoves) {
  AlignedText from;
  AlignedText to;
  from.view("ABC é", 0);
  Rewriter out(from, to);
  for (const char c : {'a', 'b', 'c'}) out.replace(static_cast<char32_t>(c));
  out.keep_to(6);
  out.finish();
  EXPECT_EQ(to.bytes(), "abc é");
  EXPECT_TRUE(to.identity());
  EXPECT_EQ(to.origin(5, 6), (PieceSpan{4, 6}));  // part of a character counts as all of it
}

TEST(AlignedText, AddedTextComesFromWhatStandsBeforeIt) {
  AlignedText from;
  AlignedText to;
  from.view("xy", 0);
  Rewriter out(from, to);
  out.add("<");
  out.keep_to(1);
  out.add("-");
  out.drop(1);
  out.finish();
  EXPECT_EQ(to.bytes(), "<x-");
  EXPECT_EQ(to.origin(0, 1), (PieceSpan{0, 0}));
  EXPECT_EQ(to.origin(2, 3), (PieceSpan{0, 1}));
}

TEST(AlignedText, BytesThatAreNotUtf8BecomeOneReplacementForEachSubpart) {
  AlignedText text;
  text.repair("a\xF0\x9F\x98z\xFF");  // a cut-off emoji, then a byte that is never valid
  EXPECT_EQ(text.bytes(), "a\uFFFDz\uFFFD");
  EXPECT_EQ(text.origin(1, 4), (PieceSpan{1, 4}));
  EXPECT_EQ(text.origin(5, 8), (PieceSpan{5, 6}));
}

}  // namespace
}  // namespace isogloss::tokens
