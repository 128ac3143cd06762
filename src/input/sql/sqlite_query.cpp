// SPDX-License-Identifier: Apache-2.0
// Rows of an SQLite database. The file is opened for reading alone, and a writer that holds it is waited for.
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <set>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/sql/sql_query.hpp"

namespace isogloss::input {
namespace {

constexpr int kBusyMilliseconds = 10'000;
constexpr int kStepsPerCheck = 100'000;  // of SQLite's machine, between two looks at the cancel switch

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementPtr = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::string text_of(const void* text) { return text == nullptr ? std::string() : static_cast<const char*>(text); }

class SqliteQuery : public SqlQuery {
 public:
  SqliteQuery(std::filesystem::path file, Context& context) : file_(std::move(file)), context_(context) {}

  Status start(const std::string& query) {
    IG_TRY(open());
    IG_TRY(prepare(query));
    find_columns();
    return {};
  }

  const SqlColumns& columns() const override { return columns_; }

  Result<bool> next(std::vector<MetaValue>& row, std::vector<bool>& binary) override {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) {
      IG_TRY(context_.check());
      return fail(error());
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      const int column = static_cast<int>(i);
      row[i] = value(column);
      if (sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB) binary[i] = true;
    }
    return true;
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
        database, kStepsPerCheck, [](void* self) { return static_cast<SqliteQuery*>(self)->context_.check() ? 0 : 1; },
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
      return not_one_select(query);
    }
    return {};
  }

  void find_columns() {
    columns_.source = "sqlite:" + std::filesystem::absolute(file_).lexically_normal().string();
    columns_.database = file_.filename().string();
    std::set<std::string> tables;
    for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i) {
      columns_.names.push_back(text_of(sqlite3_column_name(statement_.get(), i)));
      const std::string table = text_of(sqlite3_column_table_name(statement_.get(), i));
      if (table.empty()) continue;  // an expression
      tables.insert(table);
      int is_key = 0;
      sqlite3_table_column_metadata(database_.get(), sqlite3_column_database_name(statement_.get(), i), table.c_str(),
                                    sqlite3_column_origin_name(statement_.get(), i), nullptr, nullptr, nullptr, &is_key,
                                    nullptr);
      if (is_key != 0) columns_.keys.push_back(columns_.names.back());
    }
    if (tables.size() == 1) {
      columns_.table = *tables.begin();
    } else {
      columns_.keys.clear();
    }
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
      default:
        return std::monostate{};
    }
  }

  std::filesystem::path file_;
  Context& context_;
  DatabasePtr database_;
  StatementPtr statement_;
  SqlColumns columns_;
};

}  // namespace

Result<std::unique_ptr<SqlQuery>> open_sqlite(std::string_view address, const std::string& query, Context& context) {
  if (address.starts_with("//")) address.remove_prefix(2);
  auto opened = std::make_unique<SqliteQuery>(std::filesystem::path(address), context);
  IG_TRY(opened->start(query));
  return opened;
}

}  // namespace isogloss::input
