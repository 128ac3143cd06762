// SPDX-License-Identifier: Apache-2.0
// What pdftotext prints, and the layout made of it.
#include "fuzz.hpp"
#include "input/foreign/pdf_pages.hpp"
#include "read_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  input::foreign::PdfFile file;
  input::foreign::append_bbox_pages(utf8_repair(fuzz::text_of(data, size)), file);
  Document document;
  input::foreign::append_pages(file.pages, document);
  fuzz::check_document(document);
  return 0;
}
