// SPDX-License-Identifier: Apache-2.0
// Org mode by lines: stars and a blank begin a heading (its state and tags stay in it), "#+NAME: value" is
// metadata,
// "#+BEGIN_x ... #+END_x" stays whole.
#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/meta_scalar.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kMostLevels = 9;

Status read_org(std::string_view, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  std::size_t block = std::string_view::npos;  // where the open one begins
  for (const Span& at : lines_from(text, 0)) {
    const std::string_view line = text_at(text, at);
    const std::string head = ascii_lower(trim(line).substr(0, 8));
    if (block != std::string_view::npos) {
      if (!head.starts_with("#+end")) continue;
      document.opaque.push_back({block, at.end});
      block = std::string_view::npos;
    } else if (head.starts_with("#+begin")) {
      block = at.begin;
    } else if (line.starts_with("#+")) {
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string name = ascii_lower(line.substr(2, colon - 2));
      const std::string_view value = trim(line.substr(colon + 1));
      if (name == "title") document.title = value;
      if (!value.empty()) document.meta[name] = meta_scalar(value);
    } else if (const std::size_t stars = run_of(line, '*'); stars >= 1 && line.substr(stars).starts_with(' ')) {
      add_heading(document, static_cast<int>(std::min(stars, kMostLevels)), {at.begin + stars, at.end});
    }
  }
  if (block != std::string_view::npos) document.opaque.push_back({block, text.size()});
  return {};
}

}  // namespace

constinit const Reader kOrgReader{"org", ".org", "headings, blocks, keywords as metadata", read_org};

}  // namespace isogloss::input
