// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::input {

// Reads comma- or tab-separated rows by RFC 4180. The text must outlive the parser.
class CsvParser {
 public:
  CsvParser(std::string_view text, char separator) : text_(text), separator_(separator) {}

  // The cells of the next row; false at the end. Error{corrupt_data} for a quote that is never closed.
  Result<bool> next(std::vector<std::string>& cells);
  // Line number, from 1, where the last row began.
  std::size_t line() const { return row_line_; }

 private:
  Status take_quoted(std::string& cell);
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
};

// Rows below a header line, by the rules of every table that isogloss reads: column names are trimmed, blank rows skipped,
// short rows allowed, and a row with more cells than columns is Error{corrupt_data} with file and line.
class CsvTable {
 public:
  // `name` is for messages; it and the text must outlive the table.
  static Result<CsvTable> open(std::string_view name, std::string_view text, char separator);

  const std::vector<std::string>& columns() const { return columns_; }  // empty: the text is
  // The cells of the next row, at most one per column; false at the end.
  Result<bool> next(std::vector<std::string>& cells);

 private:
  CsvTable(std::string_view name, std::string_view text, char separator) : name_(name), parser_(text, separator) {}
  Result<bool> next_row(std::vector<std::string>& cells);
  std::string_view name_;
  CsvParser parser_;
  std::vector<std::string> columns_;
};

}  // namespace isogloss::input
