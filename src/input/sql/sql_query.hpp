// SPDX-License-Identifier: Apache-2.0
// One statement of a database that gives rows. A driver opens the database for reading alone, runs one statement that
// may not write, and tells what its columns are; sql_rows.cpp makes a table of it. A new database is a file here and a
// line there.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "input/reader.hpp"

namespace isogloss::input {

struct SqlColumns {
  std::string source;    // what the rows cite: "sqlite:/a/prices.db", "postgres://host:5432/shop"; no password
  std::string database;  // "prices.db", "shop"
  std::string table;     // that all columns come from; empty = several, or none
  std::vector<std::string> names;  // of the columns
  std::vector<std::string> keys;   // those that are the table's primary key
};

class SqlQuery {
 public:
  virtual ~SqlQuery() = default;
  virtual const SqlColumns& columns() const = 0;
  // The next row, a value per column; false after the last. A binary value is monostate, and `binary[column]` is set.
  // Errors: cancelled, unavailable (locked, the connection ended), invalid_argument (what the database refused).
  virtual Result<bool> next(std::vector<MetaValue>& row, std::vector<bool>& binary) = 0;
};

// `address` is what follows "sqlite:".
Result<std::unique_ptr<SqlQuery>> open_sqlite(std::string_view address, const std::string& query, Context& context);
// `address` is a URL postgres://... or the KEY=VALUE words that libpq takes.
Result<std::unique_ptr<SqlQuery>> open_postgres(std::string_view address, const std::string& query, Context& context);

// Error{invalid_argument}: a statement that gives no rows, or may write.
Status not_one_select(const std::string& query);

}  // namespace isogloss::input
