// SPDX-License-Identifier: Apache-2.0
// A PDF as the programs beside us see it: words with boxes in lines and blocks, page by page.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {

struct PdfWord {
  std::string text;
  float left = 0, top = 0, right = 0, bottom = 0;  // points from the upper left corner
};
struct PdfLine {
  std::vector<PdfWord> words;  // at least one, in the order of reading
  bool leader = false;         // dots led the eye to the last word: a line of a table of contents
  float height() const { return words.front().bottom - words.front().top; }
  float left() const { return std::min(words.front().left, words.back().left); }
  float right() const { return std::max(words.front().right, words.back().right); }
  float top() const { return words.front().top; }
  float bottom() const { return words.front().bottom; }
  std::string text() const;
};
struct PdfPage {
  float width = 0, height = 0;
  std::vector<std::vector<PdfLine>> blocks;  // in reading order
  bool has_text() const { return !blocks.empty(); }
};
struct PdfFile {
  std::string title, author, created;
  std::vector<PdfPage> pages;
};

// By pdftotext -bbox-layout. Errors: unavailable without it, unsupported for an encrypted file, corrupt_data.
Result<PdfFile> pdf_pages(const Source& source, Context& context);

// The pages of what pdftotext -bbox-layout prints, appended; returns how many.
std::size_t append_bbox_pages(std::string_view xml, PdfFile& file);

// Page `number` (from 1) by pdftoppm and tesseract; `languages` as tesseract has them, "eng+deu".
Result<PdfPage> recognised_page(const Source& source, std::size_t number, const std::string& languages,
                                Context& context);

// Sorts the blocks of a page; rows of tables become blocks of their own.
void put_in_reading_order(PdfPage& page);

// The blocks of pages put into one text: running heads and page numbers left out, hyphens at line ends joined, headings
// by the size of their letters.
void append_pages(const std::vector<PdfPage>& pages, Document& document);

}  // namespace isogloss::input::foreign
