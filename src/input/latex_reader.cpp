// SPDX-License-Identifier: Apache-2.0
// LaTeX as the text it is, with what retrieval needs: \part ... \subparagraph as headings, \title and \author, where
// the document begins, and verbatim and equation environments as blocks that stay whole. Nothing is expanded, so every
// span is verbatim. Comments are left in the text, but headings in them are none.
#include <array>
#include <optional>

#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

struct Sectioning {
  std::string_view command;
  int level;
};
constexpr std::array kSectioning{Sectioning{"part", 1},          Sectioning{"chapter", 1},
                                 Sectioning{"section", 2},       Sectioning{"subsection", 3},
                                 Sectioning{"subsubsection", 4}, Sectioning{"paragraph", 5},
                                 Sectioning{"subparagraph", 6}};
constexpr std::array kWhole{std::string_view("verbatim"), std::string_view("lstlisting"), std::string_view("equation"),
                            std::string_view("align"), std::string_view("minted")};

bool in_comment(std::string_view text, std::size_t at) {
  const std::size_t line = text.rfind('\n', at) + 1;  // npos + 1 is 0
  const std::size_t mark = text.substr(line, at - line).find('%');
  return mark != std::string_view::npos && (mark == 0 || text[line + mark - 1] != '\\');
}

// The braces from `at` on, behind an optional [short form]; their inside.
std::optional<Span> argument(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '*') ++at;
  if (at < text.size() && text[at] == '[') {
    const std::size_t end = text.find(']', at);
    if (end == std::string_view::npos) return std::nullopt;
    at = end + 1;
  }
  if (at >= text.size() || text[at] != '{') return std::nullopt;
  int depth = 0;
  for (std::size_t i = at; i < text.size() && i < at + 2000; ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    if (depth == 0) return Span{at + 1, i};
  }
  return std::nullopt;
}

// An environment that stays whole; returns where to go on.
std::size_t take_environment(Document& document, std::size_t at, std::string_view name) {
  const std::string_view text = document.text;
  if (name == "document" && document.body == 0) document.body = text.find('}', at) + 1;
  std::string_view bare = name;
  if (bare.ends_with('*')) bare.remove_suffix(1);
  for (const std::string_view whole : kWhole) {
    if (bare != whole) continue;
    const std::string closing = "\\end{" + std::string(name) + "}";
    const std::size_t end = text.find(closing, at);
    if (end == std::string_view::npos) return at;
    document.opaque.push_back({at, end + closing.size()});
    return end + closing.size();
  }
  return at;
}

Status read_latex(std::string_view, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  std::string title;
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const std::size_t begin = ++at;
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0) ++at;
    const std::string_view command = text.substr(begin, at - begin);
    if (command.empty()) {
      ++at;  // an escaped character
      continue;
    }
    const auto inside = argument(text, at);
    if (!inside || in_comment(text, begin)) continue;
    const std::string_view value = text_at(text, *inside);
    if (command == "begin") at = std::max(at, take_environment(document, begin - 1, value));
    if (command == "title") title = one_line(value);
    if (command == "author") document.meta["author"] = one_line(value);
    for (const Sectioning& s : kSectioning) {
      if (s.command == command) add_heading(document, s.level, *inside);
    }
  }
  if (!title.empty()) document.title = title;
  return {};
}

}  // namespace

constinit const Reader kLatexReader{"latex", ".tex .ltx .latex",
                                    "the source as text; sections as headings, title, author", read_latex};

}  // namespace isogloss::input
