// SPDX-License-Identifier: Apache-2.0
#include "input/document_lines.hpp"

#include <gtest/gtest.h>

namespace isogloss::input {
namespace {

TEST(DocumentLines, AreWhatAnExtractorPrints) {
  const auto d = parse_document_lines(
      "{\"text\":\"Refunds\",\"page\":1,\"heading\":1}\n"
      "{\"text\":\"Money "
      "back.\",\"page\":2,\"boxes\":[[0,5,72.0,90.5,120.0,104.0]],\"time\":[1.5,2.0],\"title\":\"Rules\","
      "\"meta\":{\"year\":2024},\"notes\":[\"two pages\"]}\n",
      "test");
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->text, "Refunds\nMoney back.\n");
  EXPECT_EQ(d->pages, (std::vector<std::size_t>{0, 8}));
  ASSERT_EQ(d->headings.size(), 1U);
  EXPECT_EQ(d->headings[0].at, (Span{0, 7}));
  ASSERT_EQ(d->boxes.size(), 1U);
  EXPECT_EQ(d->boxes[0].at, (Span{8, 13}));
  EXPECT_EQ(d->boxes[0].page, 2U);
  EXPECT_EQ(d->boxes[0].top, 90.5F);
  ASSERT_EQ(d->moments.size(), 1U);
  EXPECT_EQ(d->moments[0].end, 2.0);
  EXPECT_EQ(d->title, "Rules");
  EXPECT_EQ(std::get<std::int64_t>(d->meta.at("year")), 2024);
}

Document everything() {
  Document d;
  d.text = "before\nOne\ntwo words\nlast\n";
  d.type = "pdf";
  d.title = "T";
  d.meta = {{"a", MetaValue(true)}, {"n", MetaValue(1.5)}};
  d.headings = {{2, {7, 10}}, {3, {11, 14}}};
  d.opaque = {{11, 20}};
  d.pages = {7, 7, 21};
  d.boxes = {{{7, 10}, 2, 1, 2, 3, 4}, {{21, 25}, 3, 1, 2, 3, 4}};
  d.moments = {{{0, 6}, 0.5, 1}};
  d.rows = {{{7, 10}, "r1", {{"k", MetaValue(std::string("v"))}}}};
  d.notes = {"a note"};
  return d;
}

TEST(DocumentLines, KeepEverything) {
  const Document d = everything();
  const auto back = parse_document_lines(document_lines(d), "test");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->text, d.text);
  EXPECT_EQ(back->type, d.type);
  EXPECT_EQ(back->title, d.title);
  EXPECT_EQ(back->meta, d.meta);
  EXPECT_EQ(back->pages, d.pages);
  EXPECT_EQ(back->opaque, d.opaque);
  EXPECT_EQ(back->notes, d.notes);
  ASSERT_EQ(back->headings.size(), 2U);
  EXPECT_EQ(back->headings[1].level, 3);
  EXPECT_EQ(back->headings[1].at, d.headings[1].at);
  ASSERT_EQ(back->boxes.size(), 2U);
  EXPECT_EQ(back->boxes[1].at, d.boxes[1].at);
  EXPECT_EQ(back->boxes[1].page, 3U);
  ASSERT_EQ(back->moments.size(), 1U);
  EXPECT_EQ(back->moments[0].at, d.moments[0].at);
  ASSERT_EQ(back->rows.size(), 1U);
  EXPECT_EQ(back->rows[0].at, d.rows[0].at);
  EXPECT_EQ(back->rows[0].meta, d.rows[0].meta);
}

TEST(DocumentLines, PositionsOfTheExtractorHold) {
  const auto d =
      parse_document_lines("{\"text\":\"ab\",\"start\":0,\"end\":2}\n{\"text\":\"cd\",\"start\":5}\n", "test");
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->text, "ab  \ncd\n");
}

TEST(DocumentLines, WhatCannotBeIsNamed) {
  const std::pair<const char*, const char*> kWrong[] = {
      {"{\"page\":1}", "has no \"text\""},
      {"[1]", "has no \"text\""},
      {"{\"text\":\"a\",\"boxes\":[[0,9,1,1,1,1]]}", "outside its text"},
      {"{\"text\":\"a\",\"boxes\":[[0,1,1]]}", "no [start,end,left"},
      {"{\"text\":\"a\",\"headings\":[[1,1,0]]}", "outside its text"},
      {"{\"text\":\"a\",\"start\":9000000}", "more than 1 MB"},
      {"{\"text\":\"a\",\"start\":1,\"end\":9}", "another length"},
      {"{\"text\":\"a\",\"start\":-1}", "starts at byte -1"},
      {"{\"text\":\"a\",\"page\":999999}", "at most 20,000"},
      {"nonsense", "not valid JSON"}};
  for (const auto& [line, reason] : kWrong) {
    const auto d = parse_document_lines(line, "test");
    ASSERT_FALSE(d) << line;
    EXPECT_EQ(d.error().code, Code::corrupt_data);
    EXPECT_NE(d.error().message.find(reason), std::string::npos) << d.error().message;
  }
}

}  // namespace
}  // namespace isogloss::input
