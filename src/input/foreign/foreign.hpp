// SPDX-License-Identifier: Apache-2.0
// The foreign readers. They run in the worker process: what they do to memory and time is bounded from outside; what
// they unpack, by the budget.
#pragma once

#include <string>
#include <string_view>

#include "input/extract.hpp"
#include "input/reader.hpp"

namespace isogloss::input::foreign {

// What one file may make of itself, with everything inside it.
struct Budget {
  std::size_t bytes = 400'000'000;  // unpacked
  std::size_t members = 10'000;
  int depth = 3;  // archives and mails inside one another
};

struct Source {
  std::string_view name;  // for messages
  std::string_view content;
  const ReadOptions& options;
  Budget& budget;
  int depth = 0;

  std::string quoted() const { return "'" + std::string(name) + "'"; }
};

#define IG_FOREIGN(name, extensions, summary) Result<Document> read_##name(const Source& source, Context& context);
#include "input/foreign_formats.inc"
#undef IG_FOREIGN

// What a question asks for.
Result<Document> answer(const WorkerTask& task);

// A document inside another one, by whatever reader its content asks for.
Result<Document> read_inner(std::string_view name, std::string content, const Source& outer, Context& context);

// Appends `inner` under a heading of its name: headings one level down; rows, pages and boxes are those of another
// paper and are left out. Notes get its name.
void append_inner(Document& document, std::string_view name, Document inner, int level);

// HTML that is part of another format (EPUB, mail) into the end of `document`.
enum class HtmlPart : std::uint8_t { page, fragment };  // page: only its main text; fragment: everything
Status append_html(std::string_view html, HtmlPart part, Document& document);

}  // namespace isogloss::input::foreign
