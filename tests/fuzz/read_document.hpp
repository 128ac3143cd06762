// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/unpack.hpp"
#include "core/utf8.hpp"
#include "fuzz.hpp"
#include "input/recognise.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::fuzz {

// Checks that every span lies in the text.
inline void check_document(const Document& document) {
  const std::size_t size = document.text.size();
  const auto inside = [size](const Span& at) { return at.begin <= at.end && at.end <= size; };
  require(utf8_valid(document.text), "the text is UTF-8");
  require(document.body <= size, "the body starts in the text");
  for (const Heading& heading : document.headings) require(inside(heading.at), "a heading lies in the text");
  for (const Span& span : document.opaque) require(inside(span), "a block lies in the text");
  for (const Row& row : document.rows) require(inside(row.at), "a row lies in the text");
  for (const Box& box : document.boxes) require(inside(box.at), "a box lies in the text");
  for (const Moment& moment : document.moments) require(inside(moment.at), "a moment lies in the text");
  for (const std::size_t page : document.pages) require(page <= size, "a page begins in the text");
}

// Reads the content as `name` says. REQUIRES: a name of a format that is read without the worker.
inline void read_and_check(std::string_view name, std::string_view content) {
  Context context;
  const auto found = input::recognise(name, content);
  const bool foreign = found && (found->reader->read == nullptr || input::needs_charset_detection(content));
  if (foreign || packing_of(content) != Packing::none) return;  // a process each would be slow
  const auto document = read_document_text(name, std::string(content), {}, context);
  if (document) check_document(*document);
}

}  // namespace isogloss::fuzz
