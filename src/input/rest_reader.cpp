// SPDX-License-Identifier: Apache-2.0
// reStructuredText by lines (docutils' specification, "Sections"): a heading is a line over an underline of one
// repeated punctuation character, at least as long; an equal overline may stand above it. A style (character, with or
// without overline) has the level of its first use. Literal blocks ("::" or a code directive, then indented lines) stay
// whole.
// ":name: value" lines at the start are metadata. The text stays as written.
#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/marks.hpp"
#include "input/meta_scalar.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr int kMostLevels = 6;

class RestScanner {
 public:
  explicit RestScanner(Document& document) : document_(document), text_(document.text), lines_(lines_from(text_, 0)) {}

  void scan() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (take_literal(i) || take_heading(i)) continue;
      if (document_.headings.size() <= 1) take_field(line(i));
    }
  }

 private:
  std::string_view line(std::size_t i) const { return text_at(text_, lines_[i]); }

  // The character of a line that is nothing but it; 0 otherwise.
  char ruler(std::size_t i) const {
    if (i >= lines_.size()) return 0;
    const std::string_view l = trim(line(i));
    const bool mark =
        !l.empty() && static_cast<signed char>(l[0]) > ' ' && std::isalnum(static_cast<unsigned char>(l[0])) == 0;
    return mark && l.size() >= 2 && run_of(l, l[0]) == l.size() ? l[0] : 0;
  }

  bool take_heading(std::size_t& i) {
    const char over = ruler(i);
    if (over != 0 && i + 2 < lines_.size() && ruler(i + 2) == over && !trim(line(i + 1)).empty()) {
      add_heading(document_, level_of(over, true), lines_[i + 1]);
      i += 2;
      return true;
    }
    const std::string_view title = line(i);
    const char under = ruler(i + 1);
    const bool long_enough =
        under != 0 && trim(line(i + 1)).size() >= std::max<std::size_t>(utf8_count(trim(title)), 2);
    if (trim(title).empty() || title.starts_with(' ') || over != 0 || !long_enough) return false;
    add_heading(document_, level_of(under, false), lines_[i]);
    ++i;
    return true;
  }

  int level_of(char mark, bool over) {
    const std::pair style{mark, over};
    const auto known = std::ranges::find(styles_, style);
    if (known == styles_.end()) styles_.push_back(style);
    return std::min(static_cast<int>(std::ranges::find(styles_, style) - styles_.begin()) + 1, kMostLevels);
  }

  // The indented block behind a line that ends in "::" or is a directive of code.
  bool take_literal(std::size_t& i) {
    const std::string_view head = trim(line(i));
    const bool code =
        head.starts_with(".. code") || head.starts_with(".. sourcecode") || head.starts_with(".. literalinclude");
    if (!code && (!head.ends_with("::") || head.starts_with(".."))) return false;
    std::size_t end = i + 1;
    while (end < lines_.size() &&
           (trim(line(end)).empty() || line(end).starts_with(' ') || line(end).starts_with('\t')))
      ++end;
    while (end > i + 1 && trim(line(end - 1)).empty()) --end;
    if (end == i + 1) return false;
    document_.opaque.push_back({lines_[i].begin, lines_[end - 1].end});
    i = end - 1;
    return true;
  }

  void take_field(std::string_view l) {
    if (!l.starts_with(':')) return;
    const std::size_t end = l.find(':', 1);
    if (end == std::string_view::npos || end == 1 || end > 40 || end + 1 >= l.size() || l[end + 1] != ' ') return;
    document_.meta[ascii_lower(l.substr(1, end - 1))] = meta_scalar(trim(l.substr(end + 1)));
  }

  Document& document_;
  std::string_view text_;
  std::vector<Span> lines_;
  std::vector<std::pair<char, bool>> styles_;
};

Status read_rest(std::string_view, const ReadOptions&, Document& document) {
  RestScanner(document).scan();
  return {};
}

}  // namespace

constinit const Reader kRestReader{"rst", ".rst .rest", "headings, literal blocks, fields as metadata", read_rest};

}  // namespace isogloss::input
