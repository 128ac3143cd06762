// SPDX-License-Identifier: Apache-2.0
// Builds the text of a Document from blocks and inline text: white space within a line becomes one blank, blocks stand
// apart by a blank line, table rows and list items by a line end.
#pragma once

#include <algorithm>
#include <string_view>

#include "isogloss/input.hpp"

namespace isogloss::input::foreign {

class Builder {
 public:
  explicit Builder(Document& document) : document_(document), text_(document.text) {}

  void block() { owe(2); }  // what comes begins a block
  void line() { owe(1); }
  void item(std::string_view mark);          // a list item on a line of its own; its first block stays beside the mark
  void words(std::string_view inline_text);  // white space collapses
  void verbatim(std::string_view text);      // as it is, line breaks too
  void separator(std::string_view mark);     // between cells; not at the start of a line

  // Where the next text will stand, or before it: white space follows at most.
  std::size_t here() const { return text_.size(); }
  // What was written since `from` is a heading, a block that stays whole, nothing.
  void end_heading(int level, std::size_t from);
  void end_opaque(std::size_t from);
  void take_back(std::size_t from);
  // A block with this heading.
  void heading(int level, std::string_view title);
  void page();  // a page begins here, perhaps within a line

  Document& document() { return document_; }
  // Ends the last line.
  void finish();

 private:
  void owe(int breaks) {
    if (text_.size() != marked_) breaks_ = std::max(breaks_, breaks);
  }
  void begin_text();
  Span written_since(std::size_t from) const;

  Document& document_;
  std::string& text_;
  int breaks_ = 0;                               // line ends owed before the next text
  bool blank_ = false;                           // a blank is owed
  std::size_t marked_ = std::string_view::npos;  // where the text ends in a list mark
};

}  // namespace isogloss::input::foreign
