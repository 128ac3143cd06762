// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "input/foreign/pdf_pages.hpp"

namespace isogloss::input::foreign {
namespace {

// Reads the pages without text; returns how many are left.
Result<std::size_t> recognise_empty_pages(const Source& source, PdfFile& file, Document& document, Context& context) {
  std::size_t read = 0, left = 0;
  for (std::size_t i = 0; i < file.pages.size(); ++i) {
    if (file.pages[i].has_text()) continue;
    if (source.options.ocr.empty()) {
      ++left;
      continue;
    }
    file.pages[i] = IG_TRY(recognised_page(source, i + 1, source.options.ocr, context));
    file.pages[i].has_text() ? ++read : ++left;
  }
  if (read > 0) document.notes.push_back(counted(read, "page") + " read by tesseract");
  return left;
}

}  // namespace

Result<Document> read_pdf(const Source& source, Context& context) {
  PdfFile file = IG_TRY(pdf_pages(source, context));
  Document document;
  document.title = file.title;
  if (!file.author.empty()) document.meta["author"] = file.author;
  if (!file.created.empty()) document.meta["created"] = file.created;
  const std::size_t total = file.pages.size();
  const std::size_t left = IG_TRY(recognise_empty_pages(source, file, document, context));
  if (left == total && total > 0 && source.options.ocr.empty()) {
    return fail(Code::unsupported, source.quoted() + " has no text on its " + counted(total, "page") +
                                       ": scanned? Give --ocr to read it by tesseract.");
  }
  if (left > 0) {
    document.notes.push_back(std::to_string(left) + " of " + counted(total, "page") +
                             (left == 1 ? " has no text" : " have no text") +
                             (source.options.ocr.empty() ? ": scanned?" : ""));
  }
  append_pages(file.pages, document);
  return document;
}

}  // namespace isogloss::input::foreign
