// SPDX-License-Identifier: Apache-2.0
#include "input/csv.hpp"

namespace isogloss::input {

Status CsvParser::take_quoted(std::string& cell) {
  const std::size_t opened = line_;
  ++at_;  // the opening quote
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') {
      if (at_ >= text_.size() || text_[at_] != '"') return {};
      ++at_;
    }
    line_ += c == '\n';
    cell += c;
  }
  return fail(Code::corrupt_data, "line " + std::to_string(opened) + " opens a quote that is never closed.");
}

Result<bool> CsvParser::next(std::vector<std::string>& cells) {
  cells.clear();
  if (at_ >= text_.size()) return false;
  row_line_ = line_;
  cells.emplace_back();
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"' && cells.back().empty() && separator_ == ',') {
      IG_TRY(take_quoted(cells.back()));
    } else if (c == separator_) {
      cells.emplace_back();
      ++at_;
    } else if (c == '\n') {
      ++at_;
      ++line_;
      break;
    } else {
      if (c != '\r' || at_ + 1 >= text_.size() || text_[at_ + 1] != '\n') cells.back() += c;
      ++at_;
    }
  }
  return true;
}

}  // namespace isogloss::input
