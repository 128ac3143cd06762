// SPDX-License-Identifier: Apache-2.0
// CSV, TSV, JSON lines and JSON. A table becomes one text, a row after a row, and a Row per row with its span, id and
// metadata. CSV follows RFC 4180 (quotes, doubled quotes, line breaks inside quotes); the first line names the columns.
#include <algorithm>
#include <memory>

#include "core/json.hpp"
#include "core/text.hpp"
#include "input/csv.hpp"
#include "input/meta_scalar.hpp"
#include "input/reader.hpp"
#include "isogloss/options.hpp"

namespace isogloss::input {
namespace {

std::string text_of(const MetaValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (std::holds_alternative<std::monostate>(value)) return {};
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

bool is_text_field(std::string_view name, const ReadOptions& options) {
  if (options.text_fields.empty()) return name == "title" || name == "text";
  return std::find(options.text_fields.begin(), options.text_fields.end(), name) != options.text_fields.end();
}

bool is_id_field(std::string_view name, const ReadOptions& options) {
  return options.id_field.empty() ? name == "id" || name == "_id" : name == options.id_field;
}

Status read_separated(std::string_view name, char separator, const ReadOptions& options, Document& document) {
  const std::string content = std::move(document.text);
  document.text.clear();
  CsvTable table = IG_TRY(CsvTable::open(name, content, separator));
  const std::vector<std::string>& columns = table.columns();
  if (columns.empty()) return {};
  IG_TRY(check_columns(name, columns, options));
  std::vector<std::string> cells;
  std::vector<Field> fields;
  for (std::size_t row = 1; IG_TRY(table.next(cells)); ++row) {
    fields.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool text = is_text_field(columns[i], options) || is_id_field(columns[i], options);
      fields.push_back({columns[i], text ? MetaValue(cells[i]) : meta_scalar(cells[i])});
    }
    append_row(fields, options, row, document);
  }
  return {};
}

Status read_csv(std::string_view name, const ReadOptions& options, Document& document) {
  return read_separated(name, ',', options, document);
}
Status read_tsv(std::string_view name, const ReadOptions& options, Document& document) {
  return read_separated(name, '\t', options, document);
}

void append_object(const Json& object, const ReadOptions& options, std::size_t number, Document& document) {
  std::vector<Field> fields;
  for (const auto& [key, value] : object.as_object()) fields.push_back({key, value.as_meta()});
  append_row(fields, options, number, document);
}

Status read_json_lines(std::string_view name, const ReadOptions& options, Document& document) {
  const std::string content = std::move(document.text);
  document.text.clear();
  return each_json_line(content, name, [&](const Json& json, const std::string& where) -> Status {
    if (!json.is_object()) return fail(Code::corrupt_data, where + " is not a JSON object.");
    append_object(json, options, document.rows.size() + 1, document);
    return {};
  });
}

Status read_json(std::string_view name, const ReadOptions& options, Document& document) {
  if (trim(document.text).empty()) return {};
  const Json json = IG_TRY(Json::parse(document.text, "'" + std::string(name) + "'"));
  const auto items = json.as_array();
  const bool table =
      !items.empty() && std::all_of(items.begin(), items.end(), [](const Json& j) { return j.is_object(); });
  if (!table) return {};  // the text of the file as it stands
  document.text.clear();
  for (std::size_t i = 0; i < items.size(); ++i) append_object(items[i], options, i + 1, document);
  return {};
}

}  // namespace

Status check_columns(std::string_view file, const std::vector<std::string>& columns, const ReadOptions& options) {
  std::vector<std::string> wanted = options.text_fields;
  if (!options.id_field.empty()) wanted.push_back(options.id_field);
  for (const std::string& field : wanted) {
    if (std::find(columns.begin(), columns.end(), field) != columns.end()) continue;
    const std::string nearest = nearest_name(field, columns);
    return fail(Code::invalid_argument, "'" + std::string(file) + "' has no column '" + field + "'." +
                                            (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
  }
  return {};
}

void append_row(std::span<const Field> fields, const ReadOptions& options, std::size_t number, Document& document) {
  Row row;
  row.id = std::to_string(number);
  row.at.begin = document.text.size();
  const bool has_text =
      std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return is_text_field(f.name, options); });
  for (const Field& field : fields) {
    const std::string text = text_of(field.value);
    if (is_id_field(field.name, options)) {
      if (!text.empty()) row.id = text;
      continue;
    }
    const bool is_text = has_text ? is_text_field(field.name, options) : true;
    if (is_text && !text.empty()) {
      if (document.text.size() > row.at.begin) document.text += '\n';
      document.text += has_text ? text : field.name + ": " + text;
    }
    if (!is_text_field(field.name, options)) row.meta[field.name] = field.value;
  }
  row.at.end = document.text.size();
  document.text += '\n';
  document.rows.push_back(std::move(row));
}

constinit const Reader kCsvReader{"csv", ".csv",
                                  "a row per line; text from title and text columns, the rest is metadata", read_csv};
constinit const Reader kTsvReader{"tsv", ".tsv .tab", "as csv, with tabs", read_tsv};
constinit const Reader kJsonLinesReader{"jsonl", ".jsonl .ndjson", "a row per line, an object each", read_json_lines};
constinit const Reader kJsonReader{"json", ".json", "an array of objects is a table; anything else is text", read_json};

}  // namespace isogloss::input
