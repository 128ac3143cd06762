// SPDX-License-Identifier: Apache-2.0
// What sheets of XLSX and ODS become: a row of the document per row of the sheet, under the sheet's name as heading.
// When the first row names the columns (all cells are text, none twice), rows are "name: value" lines as in CSV; else
// their cells stand on one line. The name of the sheet is metadata of its rows.
#pragma once

#include <string>
#include <vector>

#include "isogloss/documents.hpp"

namespace isogloss::input::foreign {

struct Sheet {
  std::string name;
  std::vector<std::vector<MetaValue>> rows;  // cells; trailing empty ones cut
};

// `count` = sheets of the file: ids of rows get the sheet's name when there are several ("Stock!4").
void append_sheet(const Sheet& sheet, std::size_t count, const ReadOptions& options, Document& document);

inline constexpr std::size_t kMostColumns = 16'384;
inline constexpr std::size_t kMostCells = 4'000'000;  // of a file

}  // namespace isogloss::input::foreign
