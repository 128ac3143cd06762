// SPDX-License-Identifier: Apache-2.0
// A thin owner of an SQLite connection and its statements: errors become Status, nothing else is added.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"
#include "store/truth/compressor.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace isogloss::store {

class Database;

// A prepared statement, bound and stepped. Columns and parameters count from 0. Text and blobs are copied when bound
// and views until the next step when read.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::span<const std::byte> bytes);
  // Without the copy. REQUIRES: the bytes live until the next reset() or run().
  Statement& bind_borrowed(int index, std::span<const std::byte> bytes);
  Statement& bind_null(int index);

  Result<bool> step();  // true: a row stands ready
  Status run();         // step to the end and reset

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::span<const std::byte> blob(int column) const;
  bool is_null(int column) const;
  void reset();

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Database* database_;
  sqlite3_stmt* statement_;
};

enum class OpenAs { read_write, read_only, immutable };

// One connection. Not thread-safe.
class Database {
 public:
  // Error{io} names file and reason. `vfs` empty = the default one.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, OpenAs mode,
                                                const std::string& vfs = {});
  ~Database();
  Database(const Database&) = delete;

  Status execute(const char* sql);  // one or more statements without results
  Result<Statement> prepare(std::string_view sql);
  // A statement kept for the life of the connection, reset and without bindings. REQUIRES: `sql` is a literal.
  Result<Statement*> cached(const char* sql);
  // The integer of the first column of the first row, or `fallback` when there is no row or it is null.
  Result<std::int64_t> integer(std::string_view sql, std::int64_t fallback = 0);
  // The same by a statement that is kept. REQUIRES: `sql` is a literal.
  Result<std::int64_t> cached_integer(const char* sql);
  std::int64_t last_insert_rowid() const;
  Error error(std::string_view what) const;
  Compressor& compressor() { return compressor_; }
  sqlite3* handle() { return handle_; }

 private:
  Database() = default;
  sqlite3* handle_ = nullptr;
  std::filesystem::path file_;
  std::map<const char*, Statement> cache_;
  Compressor compressor_;
};

// BEGIN IMMEDIATE ... COMMIT; rolls back unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace isogloss::store
