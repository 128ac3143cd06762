// SPDX-License-Identifier: Apache-2.0
#include "store/truth/database.hpp"

#include <sqlite3.h>

#include <utility>

namespace isogloss::store {
namespace {

constexpr int kBusyMilliseconds = 10'000;

const unsigned char* unsigned_chars(const void* p) { return static_cast<const unsigned char*>(p); }

// file: URI for immutable opening; percent-encodes what a URI cannot hold.
std::string immutable_uri(const std::filesystem::path& file) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '?' || c == '#' || c == '%') {
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index + 1, value);
  return *this;
}
Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(statement_, index + 1, value);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_, index + 1, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}
Statement& Statement::bind_blob(int index, std::span<const std::byte> bytes) {
  sqlite3_bind_blob64(statement_, index + 1, bytes.empty() ? "" : static_cast<const void*>(bytes.data()), bytes.size(),
                      SQLITE_TRANSIENT);
  return *this;
}
Statement& Statement::bind_borrowed(int index, std::span<const std::byte> bytes) {
  sqlite3_bind_blob64(statement_, index + 1, bytes.empty() ? "" : static_cast<const void*>(bytes.data()), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}
Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index + 1);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(database_->error("run a statement on"));
}

Status Statement::run() {
  while (true) {
    const auto more = step();
    if (!more || !*more) {
      sqlite3_reset(statement_);
      return more ? Status() : Status(std::unexpected(more.error()));
    }
  }
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::text(int column) const {
  const void* data = sqlite3_column_text(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}
std::span<const std::byte> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::span<const std::byte>()
                         : std::as_bytes(std::span(unsigned_chars(data), static_cast<std::size_t>(size)));
}
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, OpenAs mode,
                                                 const std::string& vfs) {
  std::unique_ptr<Database> database(new Database());
  database->file_ = file;
  const int flags = SQLITE_OPEN_NOMUTEX | (mode == OpenAs::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                                      : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  const std::string name = mode == OpenAs::immutable ? immutable_uri(file) : file.string();
  const char* layer = vfs.empty() ? nullptr : vfs.c_str();
  if (sqlite3_open_v2(name.c_str(), &database->handle_, flags, layer) != SQLITE_OK) {
    return fail(database->error("open"));
  }
  sqlite3_busy_timeout(database->handle_, kBusyMilliseconds);
  sqlite3_extended_result_codes(database->handle_, 1);
  return database;
}

Database::~Database() {
  cache_.clear();
  sqlite3_close_v2(handle_);
}

Result<Statement*> Database::cached(const char* sql) {
  auto it = cache_.find(sql);
  if (it == cache_.end()) it = cache_.emplace(sql, IG_TRY(prepare(sql))).first;
  it->second.reset();
  return &it->second;
}

Error Database::error(std::string_view what) const {
  const int code = handle_ != nullptr ? sqlite3_errcode(handle_) : SQLITE_NOMEM;
  std::string reason = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
  Code kind = Code::io;
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      kind = Code::corrupt_data;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = Code::unavailable;
      break;
    case SQLITE_FULL:
      reason = "the disk is full; nothing of this step was stored";
      break;
    case SQLITE_READONLY:
      reason = "the file or its folder is read-only";
      break;
    case SQLITE_NOMEM:
      kind = Code::out_of_memory;
      break;
    default:
      break;
  }
  return Error{kind, "cannot " + std::string(what) + " '" + file_.string() + "': " + reason, -1, 0.0};
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return fail(error("change"));
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return fail(error("read"));
  }
  return Statement(this, statement);
}

Result<std::int64_t> Database::integer(std::string_view sql, std::int64_t fallback) {
  Statement statement = IG_TRY(prepare(sql));
  return IG_TRY(statement.step()) && !statement.is_null(0) ? statement.integer(0) : fallback;
}

Result<std::int64_t> Database::cached_integer(const char* sql) {
  Statement* statement = IG_TRY(cached(sql));
  const std::int64_t value = IG_TRY(statement->step()) && !statement->is_null(0) ? statement->integer(0) : 0;
  statement->reset();
  return value;
}

std::int64_t Database::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }

Result<Transaction> Transaction::begin(Database& database) {
  IG_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}
Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
Transaction::~Transaction() {
  if (database_ != nullptr) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}
Status Transaction::commit() {
  IG_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace isogloss::store
