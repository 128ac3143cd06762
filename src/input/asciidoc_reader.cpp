// SPDX-License-Identifier: Apache-2.0
// AsciiDoc by lines: "= Title" to "====== Deep" are headings outside delimited blocks (---- .... ==== and the like keep
// their inside; listing and literal ones stay whole), ":name: value" lines of the header are metadata.
#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/meta_scalar.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kMostMarks = 6;

// "----" -> '-': the lines between two of these are as they are.
char delimiter_of(std::string_view line) {
  const std::string_view l = trim(line);
  if (l == "```" || l.starts_with("```")) return '`';
  const bool known = l.size() >= 4 && std::string_view("-.+/").find(l[0]) != std::string_view::npos;
  return known && run_of(l, l[0]) == l.size() ? l[0] : '\0';
}

void take_attribute(std::string_view line, Document& document) {
  const std::size_t end = line.find(':', 1);
  if (!line.starts_with(':') || end == std::string_view::npos || end == 1) return;
  const std::string_view value = trim(line.substr(end + 1));
  if (!value.empty()) document.meta[std::string(line.substr(1, end - 1))] = meta_scalar(value);
}

Status read_asciidoc(std::string_view, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  char inside = 0;
  std::size_t begin = 0;
  for (const Span& at : lines_from(text, 0)) {
    const std::string_view line = text_at(text, at);
    const char delimiter = delimiter_of(line);
    if (inside != 0) {
      if (delimiter != inside) continue;
      document.opaque.push_back({begin, at.end});
      inside = 0;
    } else if (delimiter != 0) {
      inside = delimiter;
      begin = at.begin;
    } else if (const std::size_t marks = run_of(line, '=');
               marks >= 1 && marks <= kMostMarks && line.substr(marks).starts_with(' ')) {
      add_heading(document, static_cast<int>(marks), {at.begin + marks, at.end});
    } else if (document.headings.size() <= 1) {
      take_attribute(line, document);
    }
  }
  if (inside != 0) document.opaque.push_back({begin, text.size()});
  return {};
}

}  // namespace

constinit const Reader kAsciiDocReader{"asciidoc", ".adoc .asciidoc .asc", "headings, listings, attributes as metadata",
                                       read_asciidoc};

}  // namespace isogloss::input
