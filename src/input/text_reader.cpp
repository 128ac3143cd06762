// SPDX-License-Identifier: Apache-2.0
// Plain text: the content is the text; a title is the first line of prose.
#include "core/text.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kMaxTitle = 120;

Status read_text(std::string_view, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  const std::string_view line = trim(text.substr(begin, text.find('\n', begin) - begin));
  if (line.size() <= kMaxTitle) document.title = line;
  return {};
}

}  // namespace

constinit const Reader kTextReader{"text", ".txt .text .log", "plain text in any charset; also every unknown extension",
                                   read_text};

}  // namespace isogloss::input
