// SPDX-License-Identifier: Apache-2.0
#include "serve/http/multipart.hpp"

#include <gtest/gtest.h>

namespace isogloss::serve {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=X";

TEST(Multipart, FieldsAndFiles) {
  const std::string body =
      "--X\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n"
      "--X\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".md\"\r\nContent-Type: "
      "text/markdown\r\n\r\n"
      "one\r\n--Y\r\ntwo\r\n--X--\r\n";
  const auto form = read_form(kType, body);
  ASSERT_TRUE(form);
  ASSERT_EQ(form->size(), 2U);
  EXPECT_EQ((*form)[0].name, "purpose");
  EXPECT_EQ((*form)[0].content, "assistants");
  EXPECT_EQ((*form)[1].filename, "a \"b\".md");
  EXPECT_EQ((*form)[1].content, "one\r\n--Y\r\ntwo");
}

TEST(Multipart, AQuotedBoundaryAndAnEmptyField) {
  const auto form = read_form("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
                              "--a b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--a b--");
  ASSERT_TRUE(form);
  EXPECT_EQ((*form)[0].content, "");
}

TEST(Multipart, WhatIsNoFormIsRefused) {
  EXPECT_FALSE(read_form("application/json", "{}"));
  EXPECT_FALSE(read_form("multipart/form-data", "--\r\n"));
  EXPECT_FALSE(read_form(kType, ""));
  EXPECT_FALSE(read_form(kType, "--X"));
  EXPECT_FALSE(read_form(kType, "--X\r\n\r\n--X--"));
  EXPECT_FALSE(read_form(kType, "--X\r\n--X--"));
  EXPECT_FALSE(read_form(kType, "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end"));
  EXPECT_FALSE(read_form(kType, "--X\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--X--"));
}

}  // namespace
}  // namespace isogloss::serve
