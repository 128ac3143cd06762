// SPDX-License-Identifier: Apache-2.0
#include "input/pieces.hpp"

#include <gtest/gtest.h>

namespace isogloss::input {
namespace {

std::vector<std::string> texts(std::string_view text, const std::vector<Span>& spans) {
  std::vector<std::string> out;
  for (const Span& span : spans) out.emplace_back(text.substr(span.begin, span.size()));
  return out;
}

constexpr std::string_view kPython =
    "import os\n"
    "import sys\n"
    "\n"
    "# Adds.\n"
    "@cached\n"
    "def add(a, b):\n"
    "    return a + b\n"
    "\n"
    "class Box:\n"
    "    def open(self):\n"
    "        pass\n"
    "\n"
    "    def shut(self):\n"
    "        pass\n";

TEST(CodeBlocks, BeginAtTheOutermostIndentationWithWhatStandsAbove) {
  EXPECT_EQ(texts(kPython, code_blocks(kPython, {0, kPython.size()})),
            (std::vector<std::string>{
                "import os\nimport sys\n\n", "# Adds.\n@cached\ndef add(a, b):\n    return a + b\n\n",
                "class Box:\n    def open(self):\n        pass\n\n    def shut(self):\n        pass\n"}));
}

TEST(CodeBlocks, AClosingLineBelongsToItsBlock) {
  constexpr std::string_view text =
      "int a() {\n  f();\n}\nint b() {\n  if (x) {\n    g();\n  } else {\n    h();\n  }\n}\n";
  EXPECT_EQ(texts(text, code_blocks(text, {0, text.size()})),
            (std::vector<std::string>{"int a() {\n  f();\n}\n",
                                      "int b() {\n  if (x) {\n    g();\n  } else {\n    h();\n  }\n}\n"}));
}

TEST(CodePieces, GoDeeperWhereABlockIsTooLong) {
  const auto fits = [](Span part) { return part.size() <= 60; };
  const std::vector<std::string> pieces = texts(kPython, code_pieces(kPython, {0, kPython.size()}, fits));
  EXPECT_EQ(pieces,
            (std::vector<std::string>{"import os\nimport sys\n\n",
                                      "# Adds.\n@cached\ndef add(a, b):\n    return a + b\n\n", "class Box:\n",
                                      "    def open(self):\n        pass\n\n", "    def shut(self):\n        pass\n"}));
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  EXPECT_EQ(whole, kPython);
}

TEST(CodePieces, FlatTextIsCutAtLines) {
  constexpr std::string_view text = "a\nb\nc";
  EXPECT_EQ(texts(text, code_pieces(text, {0, 5}, [](Span part) { return part.size() <= 2; })),
            (std::vector<std::string>{"a\n", "b\n", "c"}));
}

TEST(BeginOfSymbol, TakesDecoratorsAndCommentsAlong) {
  const std::size_t def = kPython.find("def add");
  EXPECT_EQ(begin_of_symbol(kPython, def, 0), kPython.find("# Adds."));
  EXPECT_EQ(begin_of_symbol(kPython, def, kPython.find("@cached")), kPython.find("@cached"));
  EXPECT_EQ(begin_of_symbol(kPython, kPython.find("class"), 0), kPython.find("class"));
  EXPECT_EQ(begin_of_symbol("a\nb", 2, 0), 0u);
}

TEST(CutsAtGaps, TakeTheWidestFirstAndKeepTheLeast) {
  const std::vector<std::size_t> units{10, 10, 10, 10, 10, 10};
  //                        between   0|1  1|2  2|3  3|4  4|5
  const std::vector<double> gaps{0.1, 0.2, 0.9, 0.1, 0.8};
  EXPECT_EQ(cuts_at_gaps(gaps, units, 0.7, 5, 100), (std::vector<std::size_t>{3, 5}));
  EXPECT_EQ(cuts_at_gaps(gaps, units, 0.7, 20, 100), (std::vector<std::size_t>{3}));  // 5 would leave 10 behind it
  EXPECT_EQ(cuts_at_gaps(gaps, units, 2.0, 5, 30), (std::vector<std::size_t>{3}));    // the limit alone: at the widest
  EXPECT_EQ(cuts_at_gaps({}, {7}, 0.5, 1, 3), (std::vector<std::size_t>{}));
}

}  // namespace
}  // namespace isogloss::input
