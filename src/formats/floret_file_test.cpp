// SPDX-License-Identifier: Apache-2.0
#include "formats/floret_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kTable = "2 3 4 5 2 2166136261 < >\n0 1 -0.5 2e-05 \n1 0.25 0 12345 \n";

TEST(FloretFile, ComesBackToTheByte) {
  TemporaryFolder folder;
  Context context;
  const FasttextFile file = parse_floret(kTable, "x", context).value();
  EXPECT_EQ(file.settings.bucket, 2);
  EXPECT_EQ(file.settings.minn, 4);
  EXPECT_EQ(file.settings.maxn, 5);
  EXPECT_EQ(file.settings.hashes, 2);
  EXPECT_THAT(file.input.values, ElementsAre(1.0F, -0.5F, 2e-5F, 0.25F, 0.0F, 12345.0F));
  const auto path = folder.path() / "x.floret";
  ASSERT_TRUE(write_floret_file(file, path));
  EXPECT_EQ(read_file(path).value(), kTable);
  EXPECT_TRUE(read_floret(path, context));
  EXPECT_TRUE(recognise_floret(kTable));
  EXPECT_FALSE(recognise_floret("2 3\n0 1 2 3\n"));
  EXPECT_FALSE(recognise_floret("the 1 2 3 4 5 6 7\n"));
}

TEST(FloretFile, WhatIsBrokenIsNamed) {
  Context context;
  const auto error = [&](const std::string& text) { return parse_floret(text, "x.floret", context).error().message; };
  EXPECT_THAT(error("2 3 4 5 2 2166136261 < >\n0 1 2 3 \n"), HasSubstr("promises 2 rows"));
  EXPECT_THAT(error("9999999 3 4 5 2 2166136261 < >\n0 1 2 3 \n"), HasSubstr("cut short"));
  EXPECT_THAT(error("1 3 4 5 2 7 < >\n0 1 2 3 \n"), HasSubstr("seed 7"));
  EXPECT_THAT(error("1 3 4 5 5 2166136261 < >\n0 1 2 3 \n"), HasSubstr("5 hashes"));
  EXPECT_THAT(error("1 3 4 5 2 2166136261 < >\n0 1 nan 3 \n"), HasSubstr("row 0"));
  EXPECT_THAT(error("1 3 4 5 2 2166136261 < >\n0 1 2 3 4 \n"), HasSubstr("too many numbers"));
  EXPECT_THAT(error("1 3 4 5 2 2166136261 < >\n7 1 2 3 \n"), HasSubstr("row 0"));
  EXPECT_THAT(error("1 3 4 5 2 2166136261 < >\n0 1 2 3 \n1 1 2 3 \n"), HasSubstr("goes on"));
}

}  // namespace
}  // namespace isogloss::formats
