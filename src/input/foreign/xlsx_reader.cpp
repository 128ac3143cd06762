// SPDX-License-Identifier: Apache-2.0
// SpreadsheetML (ECMA-376, part 1, chapter 18): sheets in the order of the workbook, shared and inline strings, values
// of formulas as last computed, dates by their number format as ISO 8601. Hidden sheets are read; charts and comments
// are not.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <pugixml.hpp>
#include <set>

#include "core/text.hpp"
#include "input/foreign/office_file.hpp"
#include "input/foreign/sheet.hpp"
#include "input/meta_scalar.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr double kSecondsPerDay = 86400;
constexpr int kDaysTo1970 = 25569;         // of the 1900 date system
constexpr int kDaysBetweenSystems = 1462;  // 1904 counts from later
constexpr double kLastDay = 2958466;       // 9999-12-31

void append_runs(const pugi::xml_node& node, std::string& out) {
  for (const pugi::xml_node child : node.children()) {
    if (local_name(child) == "t") out += child.child_value();
    if (local_name(child) == "r") append_runs(child, out);
  }
}

// "2024-05-31" or "2024-05-31 14:30:00" for a day number (Howard Hinnant's days-to-civil).
std::string date_of(double days, bool since_1904) {
  double seconds = std::round((days + (since_1904 ? kDaysBetweenSystems : 0) - kDaysTo1970) * kSecondsPerDay);
  const double day = std::floor(seconds / kSecondsPerDay);
  seconds -= day * kSecondsPerDay;
  const auto z = static_cast<long>(day) + 719468;
  const long era = (z >= 0 ? z : z - 146096) / 146097;
  const long doe = z - era * 146097;
  const long yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const long doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const long mp = (5 * doy + 2) / 153;
  const long month = mp < 10 ? mp + 3 : mp - 9;
  const long year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  char out[80];
  std::snprintf(out, sizeof out, "%04ld-%02ld-%02ld", year, month, doy - (153 * mp + 2) / 5 + 1);
  std::string text = out;
  if (seconds > 0) {
    const auto s = static_cast<long>(seconds);
    std::snprintf(out, sizeof out, " %02ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    text += out;
  }
  return text;
}

// Whether a number format shows a date or time: y, m, d or h outside quotes and brackets.
bool shows_date(std::string_view format) {
  bool quoted = false, bracketed = false;
  for (const char c : format) {
    if (c == '"') quoted = !quoted;
    if (c == '[' || c == ']') bracketed = c == '[';
    if (!quoted && !bracketed && std::string_view("yYdDhH").find(c) != std::string_view::npos) return true;
  }
  return false;
}

std::size_t number_of(std::string_view text, std::size_t fallback) {
  std::size_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "BC12" -> 54; nothing legible = where it would stand anyway.
std::size_t column_of(std::string_view reference, std::size_t expected) {
  std::size_t column = 0;
  for (const char c : reference) {
    if (c < 'A' || c > 'Z') break;
    column = std::min(column * 26 + static_cast<std::size_t>(c - 'A') + 1, kMostColumns);
  }
  return column == 0 ? expected : column - 1;
}

class Workbook {
 public:
  explicit Workbook(OfficeFile& file) : file_(file) {}

  Status read(Document& document) {
    IG_TRY(read_strings());
    IG_TRY(read_formats());
    pugi::xml_document book;
    IG_TRY(file_.xml("xl/workbook.xml", book));
    const auto targets = IG_TRY(file_.relations("xl/workbook.xml"));
    since_1904_ = value_of(child_named(book.document_element(), "workbookPr"), "date1904") == "1";
    std::vector<std::pair<std::string, std::string>> sheets;
    for (const pugi::xml_node node : child_named(book.document_element(), "sheets").children()) {
      const auto target = targets.find(std::string(node.attribute("r:id").value()));
      if (target != targets.end() && file_.has(target->second))
        sheets.emplace_back(node.attribute("name").value(), target->second);
    }
    for (const auto& [name, member] : sheets) {
      append_sheet(IG_TRY(read_sheet(name, member)), sheets.size(), file_.source().options, document);
    }
    if (cells_ >= kMostCells)
      document.notes.push_back("only the first " + std::to_string(kMostCells) + " cells were read");
    return {};
  }

 private:
  Status read_strings() {
    pugi::xml_document xml;
    IG_TRY(file_.xml("xl/sharedStrings.xml", xml, OfficeFile::Need::optional));
    for (const pugi::xml_node item : xml.document_element().children()) {
      append_runs(item, strings_.emplace_back());
    }
    return {};
  }

  Status read_formats() {
    pugi::xml_document xml;
    IG_TRY(file_.xml("xl/styles.xml", xml, OfficeFile::Need::optional));
    std::set<std::size_t> dates;
    for (std::size_t id : {14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47}) dates.insert(id);
    for (const pugi::xml_node format : child_named(xml.document_element(), "numFmts").children()) {
      if (shows_date(format.attribute("formatCode").value())) dates.insert(format.attribute("numFmtId").as_uint());
    }
    for (const pugi::xml_node style : child_named(xml.document_element(), "cellXfs").children()) {
      is_date_.push_back(dates.contains(style.attribute("numFmtId").as_uint()));
    }
    return {};
  }

  Result<Sheet> read_sheet(const std::string& name, const std::string& member) {
    pugi::xml_document xml;
    IG_TRY(file_.xml(member, xml));
    Sheet sheet{name, {}};
    for (const pugi::xml_node row : child_named(xml.document_element(), "sheetData").children()) {
      const std::size_t number = number_of(row.attribute("r").value(), sheet.rows.size() + 1);
      // Rows far apart would be a lot of nothing: their numbers matter less.
      if (number > sheet.rows.size() && number < sheet.rows.size() + 1000) sheet.rows.resize(number - 1);
      std::vector<MetaValue>& cells = sheet.rows.emplace_back();
      for (const pugi::xml_node cell : row.children()) {
        if (++cells_ >= kMostCells) return sheet;
        const std::size_t column = column_of(cell.attribute("r").value(), cells.size());
        if (column >= kMostColumns) continue;
        MetaValue value = value_in(cell);
        if (std::holds_alternative<std::monostate>(value)) continue;
        if (column >= cells.size()) cells.resize(column + 1);
        cells[column] = std::move(value);
      }
    }
    return sheet;
  }

  MetaValue value_in(const pugi::xml_node& cell) const {
    const std::string_view type = cell.attribute("t").value();
    const std::string_view text = child_named(cell, "v").child_value();
    if (type == "s") {
      const std::size_t index = number_of(text, strings_.size());
      return index < strings_.size() && !strings_[index].empty() ? MetaValue(strings_[index]) : MetaValue();
    }
    if (type == "inlineStr") {
      std::string out;
      append_runs(child_named(cell, "is"), out);
      return out.empty() ? MetaValue() : MetaValue(out);
    }
    if (text.empty()) return {};
    if (type == "b") return text == "1";
    if (type == "str" || type == "e" || type == "d") return std::string(text);
    const std::size_t style = cell.attribute("s").as_uint();
    double days = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), days);
    const bool date =
        style < is_date_.size() && is_date_[style] && parsed.ec == std::errc() && days >= 0 && days < kLastDay;
    return date ? MetaValue(date_of(days, since_1904_)) : meta_scalar(text);
  }

  OfficeFile& file_;
  std::vector<std::string> strings_;
  std::vector<bool> is_date_;  // by style
  bool since_1904_ = false;
  std::size_t cells_ = 0;
};

}  // namespace

Result<Document> read_xlsx(const Source& source, Context&) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  Document document;
  IG_TRY(file.take_properties(document));
  IG_TRY(Workbook(file).read(document));
  return document;
}

}  // namespace isogloss::input::foreign
