// SPDX-License-Identifier: Apache-2.0
#include "input/csv.hpp"

#include "core/text.hpp"

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

Result<CsvTable> CsvTable::open(std::string_view name, std::string_view text, char separator) {
  CsvTable table(name, text, separator);
  IG_TRY(table.next_row(table.columns_));
  for (std::string& column : table.columns_) column = trim(column);
  return table;
}

// With the file's name in what the parser says.
Result<bool> CsvTable::next_row(std::vector<std::string>& cells) {
  const auto more = parser_.next(cells);
  if (!more) return fail(more.error().code, "'" + std::string(name_) + "' " + more.error().message);
  return more;
}

Result<bool> CsvTable::next(std::vector<std::string>& cells) {
  do {
    if (!IG_TRY(next_row(cells))) return false;
  } while (cells.size() == 1 && cells[0].empty());
  if (cells.size() <= columns_.size()) return true;
  return fail(Code::corrupt_data, "'" + std::string(name_) + "' line " + std::to_string(parser_.line()) + " has " +
                                      counted(cells.size(), "cell") + ", the header names " +
                                      counted(columns_.size(), "column") + ".");
}

}  // namespace isogloss::input
