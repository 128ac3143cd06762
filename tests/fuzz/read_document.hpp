// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/utf8.hpp"
#include "fuzz.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::fuzz {

// Reads the content as `name` says and checks that every span lies in the text.
inline void read_and_chunk(std::string_view name, std::string_view content) {
  Context context;
  const auto document = read_document_text(name, std::string(content), {}, context);
  if (!document) return;
  const std::size_t size = document->text.size();
  require(utf8_valid(document->text), "the text is UTF-8");
  require(document->body <= size, "the body starts in the text");
  for (const Heading& heading : document->headings) {
    require(heading.at.begin <= heading.at.end && heading.at.end <= size, "a heading lies in the text");
  }
  for (const Span& span : document->opaque)
    require(span.begin <= span.end && span.end <= size, "a block lies in the text");
  for (const Row& row : document->rows) {
    require(row.at.begin <= row.at.end && row.at.end <= size, "a row lies in the text");
  }
}

}  // namespace isogloss::fuzz
