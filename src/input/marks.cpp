// SPDX-License-Identifier: Apache-2.0
#include "input/marks.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace isogloss::input {

std::vector<Span> lines_from(std::string_view text, std::size_t from) {
  std::vector<Span> lines;
  while (from < text.size()) {
    const std::size_t feed = std::min(text.find('\n', from), text.size());
    const bool carriage = feed > from && text[feed - 1] == '\r';
    lines.push_back({from, feed - (carriage ? 1 : 0)});
    from = feed + 1;
  }
  return lines;
}

void add_heading(Document& document, int level, Span at) {
  const std::string_view title = trim(text_at(document.text, at));
  if (title.empty()) return;
  const auto begin = static_cast<std::size_t>(title.data() - document.text.data());
  document.headings.push_back({level, {begin, begin + title.size()}});
  if (document.title.empty() && level == 1) document.title = title;
}

std::size_t run_of(std::string_view line, char c) { return std::min(line.find_first_not_of(c), line.size()); }

}  // namespace isogloss::input
