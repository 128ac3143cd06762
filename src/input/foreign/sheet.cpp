// SPDX-License-Identifier: Apache-2.0
#include "input/foreign/sheet.hpp"

#include <algorithm>
#include <set>

#include "core/json.hpp"
#include "core/text.hpp"
#include "input/reader.hpp"

namespace isogloss::input::foreign {
namespace {

std::string cell_text(const MetaValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return one_line(*text);
  if (std::holds_alternative<std::monostate>(value)) return {};
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

bool empty(const std::vector<MetaValue>& row) {
  return std::ranges::all_of(row, [](const MetaValue& v) { return cell_text(v).empty(); });
}

// The names of the columns, when the row is one of names and rows follow.
std::vector<std::string> header_of(const std::vector<MetaValue>& row, bool alone) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const MetaValue& value : row) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || text->empty() || !seen.insert(*text).second) return {};
    names.push_back(one_line(*text));
  }
  return names.size() >= 2 && !alone ? names : std::vector<std::string>{};
}

void append_plain(const std::vector<MetaValue>& cells, std::string id, Document& document) {
  Row row{{document.text.size(), 0}, std::move(id), {}};
  for (const MetaValue& value : cells) {
    const std::string text = cell_text(value);
    if (text.empty()) continue;
    if (document.text.size() > row.at.begin) document.text += " | ";
    document.text += text;
  }
  row.at.end = document.text.size();
  document.text += '\n';
  document.rows.push_back(std::move(row));
}

}  // namespace

void append_sheet(const Sheet& sheet, std::size_t count, const ReadOptions& options, Document& document) {
  const auto first = std::ranges::find_if(sheet.rows, [](const auto& row) { return !empty(row); });
  if (first == sheet.rows.end()) return;
  if (!document.text.empty()) document.text += '\n';
  const std::string name = one_line(sheet.name);
  document.headings.push_back({1, {document.text.size(), document.text.size() + name.size()}});
  document.text += name + "\n";
  const std::vector<std::string> names = header_of(*first, first + 1 == sheet.rows.end());
  const std::string prefix = count > 1 ? name + "!" : std::string();
  const std::size_t before = document.rows.size();
  for (auto row = first + (names.empty() ? 0 : 1); row != sheet.rows.end(); ++row) {
    if (empty(*row)) continue;
    const auto number = static_cast<std::size_t>(row - sheet.rows.begin()) + 1;
    if (names.empty()) {
      append_plain(*row, prefix + std::to_string(number), document);
      continue;
    }
    std::vector<Field> fields;
    for (std::size_t i = 0; i < row->size(); ++i) {
      const std::string column = i < names.size() ? names[i] : "column " + std::to_string(i + 1);
      if (!cell_text((*row)[i]).empty()) fields.push_back({column, (*row)[i]});
    }
    append_row(fields, options, number, document);
    document.rows.back().id = prefix + document.rows.back().id;
  }
  for (std::size_t i = before; i < document.rows.size(); ++i) document.rows[i].meta["sheet"] = name;
}

}  // namespace isogloss::input::foreign
