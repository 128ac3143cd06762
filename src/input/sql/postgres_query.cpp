// SPDX-License-Identifier: Apache-2.0
// Rows of a PostgreSQL database, by libpq (opened on first use). One statement in a transaction that may only read, row
// by row, so that a large answer is never held twice; the connection's wait looks at the cancel switch. Source:
// PostgreSQL 15 documentation, chapter 34 (libpq), and the type numbers of pg_type.dat.
#include <poll.h>
#include <postgresql/libpq-fe.h>

#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "core/shared_library.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/sql/sql_query.hpp"

namespace isogloss::input {
namespace {

constexpr const char* kConnectSeconds = "10";  // unless the address says connect_timeout
constexpr const char* kStatement = "rows";     // the unnamed one ends with the next query
constexpr int kPollMilliseconds = 100;         // between two looks at the cancel switch

// The functions of libpq that are used, found in the shared library at run time.
// clang-format off
#define IG_PQ_FUNCTIONS(X) \
  X(PQconnectdbParams) X(PQfinish) X(PQstatus) X(PQerrorMessage) X(PQdb) X(PQhost) X(PQport) X(PQsocket) X(PQexec) \
  X(PQexecParams) X(PQprepare) X(PQdescribePrepared) X(PQsendQueryPrepared) X(PQsetSingleRowMode) X(PQconsumeInput) \
  X(PQisBusy) X(PQgetResult) X(PQclear) X(PQresultStatus) X(PQresultErrorMessage) X(PQntuples) X(PQnfields) X(PQfname) \
  X(PQftable) X(PQftablecol) X(PQftype) X(PQgetisnull) X(PQgetvalue) X(PQgetlength) X(PQgetCancel) X(PQcancel) \
  X(PQfreeCancel)
// clang-format on
struct Libpq {
#define X(name) decltype(&::name) name = nullptr;
  IG_PQ_FUNCTIONS(X)
#undef X
  bool complete = false;
};

const Libpq& pq() {
  static const Libpq functions = [] {
    Libpq f;
    void* library = open_library("libpq.so.5");
    f.complete = library != nullptr;
#define X(name) f.complete = f.complete && find_function(library, #name, f.name);
    IG_PQ_FUNCTIONS(X)
#undef X
    return f;
  }();
  return functions;
}

struct CloseConnection {
  void operator()(PGconn* connection) const { pq().PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { pq().PQclear(result); }
};
struct FreeCancel {
  void operator()(PGcancel* cancel) const { pq().PQfreeCancel(cancel); }
};
using ConnectionPtr = std::unique_ptr<PGconn, CloseConnection>;
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

enum : Oid {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kFloat4 = 700,
  kFloat8 = 701,
  kNumeric = 1700
};

template <class T>
MetaValue number_or_text(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && std::isfinite(static_cast<double>(value))) return value;
  return std::string(text);  // NaN, Infinity
}

MetaValue typed_value(Oid type, std::string_view text) {
  switch (type) {
    case kBool:
      return text == "t";
    case kInt2:
    case kInt4:
    case kInt8:
      return number_or_text<std::int64_t>(text);
    case kFloat4:
    case kFloat8:
    case kNumeric:
      return number_or_text<double>(text);
    default:
      return utf8_repair(text);
  }
}

class PostgresQuery : public SqlQuery {
 public:
  explicit PostgresQuery(Context& context) : context_(context) {}
  ~PostgresQuery() override { cancel(); }
  PostgresQuery(const PostgresQuery&) = delete;
  PostgresQuery& operator=(const PostgresQuery&) = delete;

  Status start(std::string_view address, const std::string& query) {
    IG_TRY(connect(std::string(address)));
    IG_TRY(command("BEGIN TRANSACTION READ ONLY"));
    IG_TRY(command("SET LOCAL DateStyle = ISO"));
    const ResultPtr prepared(pq().PQprepare(connection_.get(), kStatement, query.c_str(), 0, nullptr));
    if (pq().PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) return refused(prepared.get());
    const ResultPtr shape(pq().PQdescribePrepared(connection_.get(), kStatement));
    if (pq().PQresultStatus(shape.get()) != PGRES_COMMAND_OK) return refused(shape.get());
    if (pq().PQnfields(shape.get()) == 0) return not_one_select(query);
    IG_TRY(find_columns(shape.get()));
    const bool sent = pq().PQsendQueryPrepared(connection_.get(), kStatement, 0, nullptr, nullptr, nullptr, 0) == 1 &&
                      pq().PQsetSingleRowMode(connection_.get()) == 1;
    if (!sent) return lost();
    running_ = true;
    return {};
  }

  const SqlColumns& columns() const override { return columns_; }

  Result<bool> next(std::vector<MetaValue>& row, std::vector<bool>& binary) override {
    const ResultPtr result = IG_TRY(wait_for_result());
    switch (pq().PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
        break;
      case PGRES_TUPLES_OK:  // after the last row
        running_ = false;
        return false;
      default:
        running_ = false;
        return std::unexpected(refused(result.get()).error());
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      const int column = static_cast<int>(i);
      const Oid type = pq().PQftype(result.get(), column);
      row[i] = std::monostate{};
      if (pq().PQgetisnull(result.get(), 0, column) != 0) continue;
      if (type == kBytea) {
        binary[i] = true;
        continue;
      }
      const auto length = static_cast<std::size_t>(pq().PQgetlength(result.get(), 0, column));
      row[i] = typed_value(type, {pq().PQgetvalue(result.get(), 0, column), length});
    }
    return true;
  }

 private:
  Status connect(const std::string& address) {
    if (!pq().complete)
      return fail(Code::unavailable,
                  "PostgreSQL is reached by libpq, which is not installed. Run: apt-get install libpq5");
    // What stands in the address (a URL in `dbname`) overrides what comes before it.
    const char* names[] = {"connect_timeout", "dbname", "client_encoding", "fallback_application_name", nullptr};
    const char* values[] = {kConnectSeconds, address.c_str(), "UTF8", "isogloss", nullptr};
    connection_.reset(pq().PQconnectdbParams(names, values, 1));
    if (pq().PQstatus(connection_.get()) != CONNECTION_OK)
      return fail(Code::unavailable, "cannot reach the database: " + message(pq().PQerrorMessage(connection_.get())));
    columns_.database = pq().PQdb(connection_.get());
    columns_.source = "postgres://" + std::string(pq().PQhost(connection_.get())) + ":" +
                      pq().PQport(connection_.get()) + "/" + columns_.database;
    return {};
  }

  // What the database said, as one sentence of one line, without the place in the statement.
  static std::string message(const char* said) {
    std::string_view text = trim(std::string_view(said));
    text = trim(text.substr(0, text.find('\n')));
    if (text.starts_with("ERROR:")) text = trim(text.substr(6));
    return std::string(text) + ".";
  }
  Status refused(const PGresult* result) const {
    return fail(Code::invalid_argument,
                "'" + columns_.database + "' refused the query: " + message(pq().PQresultErrorMessage(result)));
  }
  Status lost() const {
    return fail(Code::unavailable, "'" + columns_.database + "' does not answer any more: " +
                                       message(pq().PQerrorMessage(connection_.get())));
  }

  Status command(const char* sql) {
    const ResultPtr result(pq().PQexec(connection_.get(), sql));
    return pq().PQresultStatus(result.get()) == PGRES_COMMAND_OK ? Status() : refused(result.get());
  }

  // Names of the columns, the table they come from, and which are its key.
  Status find_columns(const PGresult* shape) {
    std::set<Oid> tables;
    for (int i = 0; i < pq().PQnfields(shape); ++i) {
      columns_.names.push_back(utf8_repair(pq().PQfname(shape, i)));
      if (pq().PQftable(shape, i) != InvalidOid) tables.insert(pq().PQftable(shape, i));
    }
    if (tables.size() != 1) return {};
    const std::string table = std::to_string(*tables.begin());
    const char* values[] = {table.c_str()};
    const ResultPtr found(pq().PQexecParams(
        connection_.get(),
        "SELECT c.relname, a.attnum FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
        "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE c.oid = $1::oid",
        1, nullptr, values, nullptr, nullptr, 0));
    if (pq().PQresultStatus(found.get()) != PGRES_TUPLES_OK) return refused(found.get());
    for (int row = 0; row < pq().PQntuples(found.get()); ++row) {
      columns_.table = pq().PQgetvalue(found.get(), row, 0);
      const std::string_view key = pq().PQgetvalue(found.get(), row, 1);
      for (int i = 0; i < pq().PQnfields(shape); ++i) {
        if (pq().PQftable(shape, i) != InvalidOid && std::to_string(pq().PQftablecol(shape, i)) == key)
          columns_.keys.push_back(columns_.names[static_cast<std::size_t>(i)]);
      }
    }
    return {};
  }

  Result<ResultPtr> wait_for_result() {
    while (pq().PQisBusy(connection_.get()) != 0) {
      IG_TRY(context_.check());
      pollfd socket{pq().PQsocket(connection_.get()), POLLIN, 0};
      if (::poll(&socket, 1, kPollMilliseconds) <= 0) continue;
      if (pq().PQconsumeInput(connection_.get()) != 1) return std::unexpected(lost().error());
    }
    ResultPtr result(pq().PQgetResult(connection_.get()));
    if (result == nullptr) return std::unexpected(lost().error());
    return result;
  }

  // The server would go on computing rows that nobody reads.
  void cancel() {
    if (!running_) return;
    const std::unique_ptr<PGcancel, FreeCancel> order(pq().PQgetCancel(connection_.get()));
    std::array<char, 256> said{};
    if (order != nullptr) pq().PQcancel(order.get(), said.data(), static_cast<int>(said.size()));
  }

  Context& context_;
  ConnectionPtr connection_;
  SqlColumns columns_;
  bool running_ = false;
};

}  // namespace

Result<std::unique_ptr<SqlQuery>> open_postgres(std::string_view address, const std::string& query, Context& context) {
  auto opened = std::make_unique<PostgresQuery>(context);
  IG_TRY(opened->start(address, query));
  return opened;
}

}  // namespace isogloss::input
