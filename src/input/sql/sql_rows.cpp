// SPDX-License-Identifier: Apache-2.0
// Rows of a database as a table. What a row cites is table and key, so the key is looked for: the column that is named
// id, else the primary key of the table that all columns come from.
#include <algorithm>

#include "core/guard.hpp"
#include "core/text.hpp"
#include "input/sql/sql_query.hpp"

namespace isogloss {
namespace input {
namespace {

using OpenQuery = Result<std::unique_ptr<SqlQuery>> (*)(std::string_view, const std::string&, Context&);
struct Driver {
  std::string_view scheme;
  bool with_scheme;  // the address is the whole source
  OpenQuery open;
};
constexpr Driver kDrivers[] = {{"sqlite:", false, open_sqlite},
                               {"postgres://", true, open_postgres},
                               {"postgresql://", true, open_postgres},
                               {"postgres:", false, open_postgres}};

Result<std::unique_ptr<SqlQuery>> open_query(std::string_view source, const std::string& query, Context& context) {
  for (const Driver& driver : kDrivers) {
    if (!source.starts_with(driver.scheme)) continue;
    return driver.open(driver.with_scheme ? source : source.substr(driver.scheme.size()), query, context);
  }
  const std::size_t colon = source.find(':');
  if (colon == std::string_view::npos)
    return fail(Code::invalid_argument,
                "--sql takes sqlite:PATH or postgres:URL; write sqlite:" + std::string(source) + ".");
  return fail(Code::unsupported,
              "'" + std::string(source.substr(0, colon)) +
                  ":': this version reads rows of sqlite: and postgres:. Write the rows to a CSV file "
                  "and index that.");
}

Status read_rows(SqlQuery& query, const ReadOptions& options, Document& document) {
  const SqlColumns& columns = query.columns();
  std::vector<MetaValue> row(columns.names.size());
  std::vector<bool> binary(columns.names.size());
  std::vector<Field> fields;
  for (std::size_t number = 1; IG_TRY(query.next(row, binary)); ++number) {
    fields.clear();
    for (std::size_t i = 0; i < row.size(); ++i) fields.push_back({columns.names[i], std::move(row[i])});
    append_row(fields, options, number, document);
    if (document.text.size() <= options.max_size) continue;
    return fail(Code::too_long, "the rows of the query have more text than --max-size allows (" +
                                    human_bytes(static_cast<double>(options.max_size)) +
                                    "). Raise it, or select less.");
  }
  for (std::size_t i = 0; i < binary.size(); ++i) {
    if (binary[i]) document.notes.push_back("binary values of column '" + columns.names[i] + "' left out");
  }
  return {};
}

}  // namespace

Status not_one_select(const std::string& query) {
  return fail(Code::invalid_argument, "--query takes one SELECT, not '" + query + "'.");
}

}  // namespace input

Result<SqlRows> read_sql(std::string_view source, const std::string& query, const ReadOptions& options,
                         Context& context) {
  return guard([&]() -> Result<SqlRows> {
    const auto rows = IG_TRY(input::open_query(source, query, context));
    const input::SqlColumns& columns = rows->columns();
    IG_TRY(input::check_columns(columns.database, columns.names, options));
    ReadOptions with_key = options;
    const bool named = std::ranges::any_of(columns.names, [](const auto& c) { return c == "id" || c == "_id"; });
    if (options.id_field.empty() && !named && columns.keys.size() == 1) with_key.id_field = columns.keys.front();
    SqlRows out;
    out.source = columns.source;
    out.name = columns.database + ":" + (columns.table.empty() ? "query" : columns.table);
    out.document.type = "sql";
    out.document.title = columns.table;
    IG_TRY(input::read_rows(*rows, with_key, out.document));
    return out;
  });
}

}  // namespace isogloss
