// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "input/foreign/pdf_pages.hpp"

namespace isogloss::input::foreign {
namespace {

// A line at (left, top) in letters of `size` points, 6 points a letter.
PdfLine line(float left, float top, std::string_view text, float size = 10) {
  PdfLine out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const float x = left + 6 * static_cast<float>(begin);
    out.words.push_back(
        {std::string(text.substr(begin, end - begin)), x, top, x + 6 * static_cast<float>(end - begin), top + size});
    begin = end + 1;
  }
  return out;
}

PdfPage page(std::vector<std::vector<PdfLine>> blocks) { return {600, 800, std::move(blocks)}; }

Document laid_out(const std::vector<PdfPage>& pages) {
  Document document;
  append_pages(pages, document);
  return document;
}

// "A" would have found room on the line before: a paragraph begins.
TEST(PdfLayout, JoinsLinesAndHyphens) {
  const Document d = laid_out({page({{line(50, 300, "The harbour is well-"), line(50, 312, "known for its light-"),
                                      line(50, 324, "house and more."), line(50, 336, "A well-known one, too.")}})});
  EXPECT_EQ(d.text, "The harbour is well-known for its lighthouse and more.\nA well-known one, too.\n");
  ASSERT_EQ(d.boxes.size(), 15U);
  const Box& house = d.boxes[8];  // the second half of the word
  EXPECT_EQ(d.text.substr(house.at.begin, house.at.size()), "house");
  EXPECT_EQ(house.top, 324);
  EXPECT_EQ(d.text.substr(d.boxes[7].at.begin, d.boxes[7].at.size()), "light");
}

TEST(PdfLayout, RunningHeadsAndPageNumbersAreNoText) {
  std::vector<PdfPage> pages;
  for (int i = 1; i <= 4; ++i) {
    const std::string n = std::to_string(i);
    pages.push_back(page({{line(50, 20, "Annual Report 202" + n)},
                          {line(50, 300, "Text of page " + n + " here.")},
                          {line(290, 780, "- " + n + " -")}}));
  }
  const Document d = laid_out(pages);
  EXPECT_EQ(d.text, "Text of page 1 here.\nText of page 2 here.\nText of page 3 here.\nText of page 4 here.\n");
  EXPECT_EQ(d.pages, (std::vector<std::size_t>{0, 21, 42, 63}));
}

TEST(PdfLayout, LargerLettersAreHeadings) {
  const Document d = laid_out({page({{line(50, 100, "The Title", 20)},
                                     {line(50, 200, "A Part", 14)},
                                     {line(50, 300, "Much text that is of the usual size and long enough.")}})});
  ASSERT_EQ(d.headings.size(), 2U);
  EXPECT_EQ(d.headings[0].level, 1);
  EXPECT_EQ(d.headings[1].level, 2);
  EXPECT_EQ(d.title, "The Title");
}

TEST(PdfLayout, ListMarksGoBackToTheirItems) {
  const Document d = laid_out({page(
      {{line(50, 300, "\u2022"), line(50, 320, "\u2022")}, {line(70, 300, "red buoy"), line(70, 320, "green buoy")}})});
  EXPECT_EQ(d.text, "\u2022 red buoy\n\u2022 green buoy\n");
}

// pdftotext gives the second column first here, since it begins as high as the heading.
TEST(PdfLayout, ColumnsAreReadOneAfterTheOther) {
  const Document d = laid_out({page({{line(50, 100, "Title over both of the columns of this page here")},
                                     {line(320, 130, "Right one."), line(320, 142, "Right two.")},
                                     {line(50, 130, "Left heading", 14)},
                                     {line(50, 160, "Left text that is as wide as a column is.")},
                                     {line(50, 300, "Below the columns there is a line across the whole page.")}})});
  EXPECT_EQ(d.text,
            "Title over both of the columns of this page here\n\nLeft heading\n\nLeft text that is as wide as a column "
            "is.\n\n"
            "Right one. Right two.\n\nBelow the columns there is a line across the whole page.\n");
}

TEST(PdfLayout, TablesAreReadRowByRow) {
  const Document d = laid_out({page({{line(50, 100, "Ship")},
                                     {line(200, 100, "Fee")},
                                     {line(50, 120, "Barge"), line(50, 140, "Tanker")},
                                     {line(200, 120, "10"), line(200, 140, "200")}})});
  EXPECT_EQ(d.text, "Ship Fee\n\nBarge 10\n\nTanker 200\n");
}

TEST(PdfLayout, LeadersOfContentsAreNoText) {
  PdfFile file;
  append_bbox_pages(
      "<page width='600' height='800'><flow><block><line>"
      "<word xMin='10' xMax='20' yMin='300' yMax='310'>Tides</word><word xMin='30' xMax='40' yMin='300' "
      "yMax='310'>.....</word>"
      "<word xMin='50' xMax='60' yMin='300' yMax='310'>7</word></line></block></flow></page>",
      file);
  EXPECT_EQ(laid_out(file.pages).text, "Tides 7\n");
}

TEST(PdfLayout, RightToLeftComesInTheOrderOfReading) {
  PdfFile file;
  append_bbox_pages(
      "<page width='600' height='800'><flow><block><line>"
      "<word xMin='10' xMax='20' yMin='300' yMax='310'>םלוע</word><word xMin='30' xMax='40' yMin='300' "
      "yMax='310'>200</word>"
      "<word xMin='50' xMax='60' yMin='300' yMax='310'>(םולש</word></line></block></flow></page>",
      file);
  EXPECT_EQ(laid_out(file.pages).text, "שלום) 200 עולם\n");
}

}  // namespace
}  // namespace isogloss::input::foreign
