// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "input/document_lines.hpp"
#include "read_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = isogloss::input::parse_document_lines(isogloss::fuzz::text_of(data, size), "fuzz");
  if (!document) return 0;
  isogloss::fuzz::check_document(*document);
  const auto again = isogloss::input::parse_document_lines(isogloss::input::document_lines(*document), "fuzz");
  isogloss::fuzz::require(again && again->text == document->text, "a document survives its lines");
  return 0;
}
