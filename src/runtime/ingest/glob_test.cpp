// SPDX-License-Identifier: Apache-2.0
#include "runtime/ingest/glob.hpp"

#include <gtest/gtest.h>

namespace isogloss::runtime {
namespace {

TEST(Glob, MatchesNamesFoldersAndAlternatives) {
  EXPECT_TRUE(glob_match("*.md", "docs/guide/a.md"));
  EXPECT_TRUE(glob_match("**/*.{md,txt}", "a.md"));
  EXPECT_TRUE(glob_match("**/*.{md,txt}", "x/y/a.txt"));
  EXPECT_FALSE(glob_match("**/*.{md,txt}", "x/y/a.pdf"));
  EXPECT_TRUE(glob_match("docs/*.md", "docs/a.md"));
  EXPECT_FALSE(glob_match("docs/*.md", "docs/x/a.md"));
  EXPECT_TRUE(glob_match("docs/**", "docs/x/a.md"));
  EXPECT_TRUE(glob_match("a[0-9]?.txt", "a1b.txt"));
  EXPECT_FALSE(glob_match("a[!0-9].txt", "a1.txt"));
  EXPECT_TRUE(glob_match("**/b/**/c", "a/b/x/b/c"));
}

TEST(Ignore, LastMatchingLineDecides) {
  IgnoreRules rules;
  for (const char* line : {"# comment", "*.log", "!keep.log", "/build/", "docs/*.tmp"}) rules.add_line(line);
  using Verdict = IgnoreRules::Verdict;
  using Kind = IgnoreRules::Kind;
  EXPECT_EQ(rules.judge("x/a.log", Kind::file), Verdict::ignore);
  EXPECT_EQ(rules.judge("x/keep.log", Kind::file), Verdict::keep);
  EXPECT_EQ(rules.judge("build", Kind::folder), Verdict::ignore);
  EXPECT_EQ(rules.judge("build", Kind::file), Verdict::none);
  EXPECT_EQ(rules.judge("x/build", Kind::folder), Verdict::none);
  EXPECT_EQ(rules.judge("docs/a.tmp", Kind::file), Verdict::ignore);
}

}  // namespace
}  // namespace isogloss::runtime
