// SPDX-License-Identifier: Apache-2.0
#include "input/foreign/builder.hpp"

#include <algorithm>

#include "input/marks.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f";

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

void Builder::begin_text() {
  if (breaks_ > 0) {
    while (!text_.empty() && text_.back() == ' ') text_.pop_back();
    std::size_t have = 0;
    while (have < 2 && have < text_.size() && text_[text_.size() - 1 - have] == '\n') ++have;
    if (!text_.empty())
      text_.append(static_cast<std::size_t>(breaks_) - std::min<std::size_t>(have, static_cast<std::size_t>(breaks_)),
                   '\n');
  } else if (blank_ && !text_.empty() && text_.back() != '\n' && text_.back() != ' ') {
    text_ += ' ';
  }
  breaks_ = 0;
  blank_ = false;
}

void Builder::words(std::string_view inline_text) {
  for (std::size_t i = 0; i < inline_text.size();) {
    if (is_blank(inline_text[i])) {
      blank_ = true;
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < inline_text.size() && !is_blank(inline_text[end])) ++end;
    begin_text();
    text_.append(inline_text.data() + i, end - i);
    i = end;
  }
}

void Builder::verbatim(std::string_view text) {
  if (text.empty()) return;
  begin_text();
  text_ += text;
}

void Builder::item(std::string_view mark) {
  line();
  verbatim(mark);
  marked_ = text_.size();
}

void Builder::separator(std::string_view mark) {
  if (breaks_ > 0 || text_.empty() || text_.back() == '\n') return;
  blank_ = false;
  text_ += mark;
}

// Without white space at its ends, since blanks before a line end are taken back.
Span Builder::written_since(std::size_t from) const {
  const std::size_t begin = std::min(text_.find_first_not_of(kBlank, from), text_.size());
  return {begin, std::max(begin, text_.find_last_not_of(kBlank) + 1)};
}

void Builder::end_heading(int level, std::size_t from) { add_heading(document_, level, written_since(from)); }

void Builder::end_opaque(std::size_t from) {
  const Span at = written_since(from);
  if (at.size() > 0) document_.opaque.push_back(at);
}

void Builder::take_back(std::size_t from) {
  text_.resize(from);
  const auto behind = [from](const Span& at) { return at.end > from; };
  std::erase_if(document_.headings, [&](const Heading& h) { return behind(h.at); });
  std::erase_if(document_.opaque, behind);
  marked_ = std::string_view::npos;
  breaks_ = 2;
}

void Builder::heading(int level, std::string_view title) {
  block();
  const std::size_t from = here();
  words(title);
  end_heading(level, from);
  block();
}

void Builder::page() { document_.pages.push_back(text_.size()); }

void Builder::finish() {
  while (!text_.empty() && text_.back() == ' ') text_.pop_back();
  if (!text_.empty() && text_.back() != '\n') text_ += '\n';
}

}  // namespace isogloss::input::foreign
