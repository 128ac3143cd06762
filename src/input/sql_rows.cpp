// SPDX-License-Identifier: Apache-2.0
// Rows of an SQLite database as a table. The file is opened for reading alone, one statement is run that may not write,
// and a writer that holds the database is waited for. What a row cites is table and key, so the key is looked for: the
// column that is named id, else the primary key of the table that all columns come from.
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/guard.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/reader.hpp"

namespace isogloss {
namespace input {
namespace {

constexpr int kBusyMilliseconds = 10'000;
constexpr int kStepsPerCheck = 100'000;  // of SQLite's machine, between two looks at the cancel switch
constexpr std::string_view kScheme = "sqlite:";

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementPtr = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::string text_of(const void* text) { return text == nullptr ? std::string() : static_cast<const char*>(text); }

Result<std::filesystem::path> path_of(std::string_view source) {
  if (!source.starts_with(kScheme)) {
    const std::size_t colon = source.find(':');
    if (colon == std::string_view::npos) {
      return fail(Code::invalid_argument, "--sql takes sqlite:PATH; write sqlite:" + std::string(source) + ".");
    }
    return fail(Code::unsupported,
                "'" + std::string(source.substr(0, colon)) +
                    ":': this version reads rows of SQLite alone. Write the rows to a CSV file (psql: "
                    "\\copy (select ...) to 'rows.csv' csv header) and index that.");
  }
  source.remove_prefix(kScheme.size());
  if (source.starts_with("//")) source.remove_prefix(2);
  return std::filesystem::path(source);
}

class SqlReader {
 public:
  SqlReader(std::filesystem::path file, const ReadOptions& options, Context& context)
      : file_(std::move(file)), options_(options), context_(context) {}

  Result<SqlRows> read(const std::string& query) {
    IG_TRY(open());
    IG_TRY(prepare(query));
    IG_TRY(find_columns());
    SqlRows out;
    out.source = std::string(kScheme) + std::filesystem::absolute(file_).lexically_normal().string();
    out.name = file_.filename().string() + ":" + (table_.empty() ? "query" : table_);
    out.document.type = "sql";
    out.document.title = table_;
    IG_TRY(read_rows(out.document));
    for (const std::string& column : blobs_)
      out.document.notes.push_back("binary values of column '" + column + "' left out");
    return out;
  }

 private:
  Status open() {
    std::error_code error;
    if (!std::filesystem::exists(file_, error))
      return fail(Code::not_found, "there is no database '" + file_.string() + "'.");
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(file_.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    if (code != SQLITE_OK) return fail(Code::io, "cannot open '" + file_.string() + "': " + sqlite3_errmsg(database));
    sqlite3_busy_timeout(database, kBusyMilliseconds);
    sqlite3_progress_handler(
        database, kStepsPerCheck, [](void* self) { return static_cast<SqlReader*>(self)->context_.check() ? 0 : 1; },
        this);
    return {};
  }

  Error error() const {
    switch (sqlite3_errcode(database_.get()) & 0xFF) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return {Code::unavailable, "'" + file_.string() + "' is being written by another process; run it again.", -1,
                0.0};
      case SQLITE_NOTADB:
      case SQLITE_CORRUPT:
        return {Code::corrupt_data,
                "'" + file_.string() + "' is no SQLite database, or damaged: " + sqlite3_errmsg(database_.get()) + ".",
                -1, 0.0};
      default:
        return {Code::invalid_argument,
                "'" + file_.string() + "' refused the query: " + sqlite3_errmsg(database_.get()) + ".", -1, 0.0};
    }
  }

  Status prepare(const std::string& query) {
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    if (sqlite3_prepare_v2(database_.get(), query.data(), static_cast<int>(query.size()), &statement, &rest) !=
        SQLITE_OK) {
      return fail(error());
    }
    statement_.reset(statement);
    const std::string_view behind(rest, static_cast<std::size_t>(query.data() + query.size() - rest));
    const bool one = statement != nullptr && trim(behind).find_first_not_of("; \n\t") == std::string_view::npos;
    if (!one || sqlite3_column_count(statement) == 0 || sqlite3_stmt_readonly(statement) == 0) {
      return fail(Code::invalid_argument, "--query takes one SELECT, not '" + query + "'.");
    }
    return {};
  }

  // Names of the columns, the table they come from, and which one is the key.
  Status find_columns() {
    std::set<std::string> tables;
    std::vector<std::string> keys;
    for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i) {
      columns_.push_back(text_of(sqlite3_column_name(statement_.get(), i)));
      const std::string table = text_of(sqlite3_column_table_name(statement_.get(), i));
      if (table.empty()) continue;  // an expression
      tables.insert(table);
      int is_key = 0;
      sqlite3_table_column_metadata(database_.get(), sqlite3_column_database_name(statement_.get(), i), table.c_str(),
                                    sqlite3_column_origin_name(statement_.get(), i), nullptr, nullptr, nullptr, &is_key,
                                    nullptr);
      if (is_key != 0) keys.push_back(columns_.back());
    }
    if (tables.size() == 1) table_ = *tables.begin();
    IG_TRY(check_columns(file_.string(), columns_, options_));
    const bool named = std::ranges::any_of(columns_, [](const auto& c) { return c == "id" || c == "_id"; });
    if (options_.id_field.empty() && !named && tables.size() == 1 && keys.size() == 1) options_.id_field = keys.front();
    return {};
  }

  MetaValue value(int column) {
    sqlite3_stmt* row = statement_.get();
    switch (sqlite3_column_type(row, column)) {
      case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_column_int64(row, column));
      case SQLITE_FLOAT:
        return sqlite3_column_double(row, column);
      case SQLITE_TEXT: {
        const void* text = sqlite3_column_text(row, column);
        return utf8_repair(
            {static_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(row, column))});
      }
      case SQLITE_BLOB:
        blobs_.insert(columns_[static_cast<std::size_t>(column)]);
        return std::monostate{};
      default:
        return std::monostate{};
    }
  }

  Status read_rows(Document& document) {
    std::vector<Field> fields;
    for (std::size_t number = 1;; ++number) {
      const int code = sqlite3_step(statement_.get());
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) {
        IG_TRY(context_.check());
        return fail(error());
      }
      fields.clear();
      for (std::size_t i = 0; i < columns_.size(); ++i) fields.push_back({columns_[i], value(static_cast<int>(i))});
      append_row(fields, options_, number, document);
      if (document.text.size() <= options_.max_size) continue;
      return fail(Code::too_long, "the rows of the query have more text than --max-size allows (" +
                                      human_bytes(static_cast<double>(options_.max_size)) +
                                      "). Raise it, or select less.");
    }
  }

  std::filesystem::path file_;
  ReadOptions options_;  // with the key's column
  Context& context_;
  DatabasePtr database_;
  StatementPtr statement_;
  std::vector<std::string> columns_;
  std::string table_;
  std::set<std::string> blobs_;  // columns with binary values
};

}  // namespace
}  // namespace input

Result<SqlRows> read_sql(std::string_view source, const std::string& query, const ReadOptions& options,
                         Context& context) {
  return guard([&]() -> Result<SqlRows> {
    return input::SqlReader(IG_TRY(input::path_of(source)), options, context).read(query);
  });
}

}  // namespace isogloss
