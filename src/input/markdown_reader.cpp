// SPDX-License-Identifier: Apache-2.0
// Markdown by lines: what retrieval needs is where headings, code fences and the front matter stand, not how they look.
// The text stays as written, so every span is verbatim. Headings are # and underlined (setext) ones outside fences
// (CommonMark 0.30, sections 4.2, 4.3, 4.5); front matter is a block of "name: value" lines between --- lines at the
// start, whose values become metadata.

#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/meta_scalar.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

// Number of `c` at the start of the line after at most three blanks.
std::size_t leading_run(std::string_view line, char c) {
  std::size_t i = 0;
  while (i < line.size() && i < 3 && line[i] == ' ') ++i;
  std::size_t n = 0;
  while (i + n < line.size() && line[i + n] == c) ++n;
  return n;
}

std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

MetaValue scalar(std::string_view text) {
  MetaValue value = meta_scalar(text);
  if (std::holds_alternative<std::string>(value)) value = std::string(unquoted(text));
  return value;
}

// Offset behind the front matter, 0 when there is none; fills the metadata.
std::size_t read_front_matter(std::string_view text, Document& document) {
  if (!text.starts_with("---\n") && !text.starts_with("---\r\n")) return 0;
  Metadata found;
  for (std::size_t at = text.find('\n') + 1; at < text.size();) {
    const std::size_t feed = std::min(text.find('\n', at), text.size() - 1);
    const std::string_view line = text.substr(at, feed - at);
    at = feed + 1;
    if (trim(line) == "---" || trim(line) == "...") {
      document.meta = std::move(found);
      return at;
    }
    const std::size_t colon = line.find(':');
    const bool nested = line.starts_with(' ') || line.starts_with('-') || line.starts_with('#');
    if (colon != std::string_view::npos && !nested && !trim(line.substr(colon + 1)).empty()) {
      found[std::string(trim(line.substr(0, colon)))] = scalar(trim(line.substr(colon + 1)));
    }
  }
  return 0;  // never closed: it was text after all
}

class Scanner {
 public:
  explicit Scanner(Document& document) : document_(document), text_(document.text) {}

  void scan(std::size_t begin) {
    for (std::size_t at = begin; at < text_.size();) {
      const std::size_t feed = text_.find('\n', at);
      const std::size_t end = feed == std::string_view::npos ? text_.size() : feed;
      take_line(at, end);
      previous_ = {at, end};
      at = end + 1;
    }
    if (fence_size_ != 0) document_.opaque.push_back({fence_begin_, text_.size()});
  }

 private:
  void take_line(std::size_t begin, std::size_t end) {
    const std::string_view line = text_.substr(begin, end - begin);
    if (take_fence(line, begin, end)) return;
    const std::size_t hashes = leading_run(line, '#');
    if (hashes >= 1 && hashes <= 6) {
      const std::size_t content = line.find('#') + hashes;
      if (content == line.size() || line[content] == ' ' || line[content] == '\t') {
        take_heading(static_cast<int>(hashes), begin + content, end);
      }
      return;
    }
    const std::string_view underline = trim(line);
    const bool all_equals = !underline.empty() && underline.find_first_not_of('=') == std::string_view::npos;
    const bool all_dashes = underline.size() >= 2 && underline.find_first_not_of('-') == std::string_view::npos;
    const std::string_view above = text_.substr(previous_.begin, previous_.size());
    const bool prose = !trim(above).empty() && leading_run(above, '#') == 0 && !above.starts_with("    ") &&
                       above.find('|') == std::string_view::npos && !trim(above).starts_with("- ");
    if ((all_equals || all_dashes) && prose) take_heading(all_equals ? 1 : 2, previous_.begin, previous_.end);
  }

  // True inside a fenced block and on its fences.
  bool take_fence(std::string_view line, std::size_t begin, std::size_t end) {
    const std::size_t ticks = leading_run(line, '`'), tildes = leading_run(line, '~');
    const char mark = ticks >= 3 ? '`' : '~';
    const std::size_t run = std::max(ticks, tildes);
    if (fence_size_ == 0) {
      if (run < 3) return false;
      fence_size_ = run;
      fence_mark_ = mark;
      fence_begin_ = begin;
    } else if (mark == fence_mark_ && run >= fence_size_ && trim(line).size() == run) {
      document_.opaque.push_back({fence_begin_, end});
      fence_size_ = 0;
    }
    return true;
  }

  void take_heading(int level, std::size_t begin, std::size_t end) {
    std::string_view title = trim(text_.substr(begin, end - begin));
    while (title.ends_with('#')) title.remove_suffix(1);
    if (title.empty()) return;
    add_heading(document_, level, {begin, static_cast<std::size_t>(title.data() - text_.data()) + title.size()});
  }

  Document& document_;
  std::string_view text_;
  Span previous_{};
  std::size_t fence_size_ = 0;
  char fence_mark_ = '`';
  std::size_t fence_begin_ = 0;
};

Status read_markdown(std::string_view, const ReadOptions&, Document& document) {
  document.body = read_front_matter(document.text, document);
  Scanner(document).scan(document.body);
  if (const auto it = document.meta.find("title"); it != document.meta.end()) {
    if (const auto* title = std::get_if<std::string>(&it->second)) document.title = *title;
  }
  return {};
}

}  // namespace

constinit const Reader kMarkdownReader{"markdown", ".md .markdown .mdown .mkd .mdx",
                                       "headings, code fences, front matter as metadata", read_markdown};

}  // namespace isogloss::input
