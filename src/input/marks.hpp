// SPDX-License-Identifier: Apache-2.0
// What readers of marked-up text share: lines, headings, front matter fields.
#pragma once

#include <string_view>
#include <vector>

#include "isogloss/input.hpp"

namespace isogloss::input {

// The lines of `text` from byte `from` on, without their line ends (LF or CR LF).
std::vector<Span> lines_from(std::string_view text, std::size_t from);

inline std::string_view text_at(std::string_view text, const Span& at) { return text.substr(at.begin, at.size()); }

// Adds the heading without the white space around it, when there is anything left; the first of level 1 is the title.
void add_heading(Document& document, int level, Span at);

// Number of times `c` stands at the start of the line.
std::size_t run_of(std::string_view line, char c);

}  // namespace isogloss::input
