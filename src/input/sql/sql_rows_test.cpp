// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

class SqlRowsTest : public ::testing::Test {
 protected:
  void make(const char* sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_.path() / "shop.db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  Result<SqlRows> read(const std::string& query, ReadOptions options = {}) {
    return read_sql("sqlite:" + (folder_.path() / "shop.db").string(), query, options, context_);
  }
  std::string refused(const std::string& query) {
    const auto rows = read(query);
    return rows ? "not refused" : rows.error().message;
  }

  TemporaryFolder folder_;
  Context context_;
};

TEST_F(SqlRowsTest, RowsBecomeATableWithItsKey) {
  make(
      "CREATE TABLE item(sku TEXT PRIMARY KEY, title TEXT, price REAL, left_over INTEGER, picture BLOB);"
      "INSERT INTO item VALUES('k1','Blue kettle',30.5,7,x'00ff'),('t2','Red toaster',NULL,0,NULL)");
  const SqlRows rows = read("SELECT * FROM item ORDER BY sku").value();
  EXPECT_EQ(rows.name, "shop.db:item");
  ASSERT_EQ(rows.document.rows.size(), 2u);
  const Row& first = rows.document.rows[0];
  EXPECT_EQ(first.id, "k1");
  EXPECT_EQ(rows.document.text.substr(first.at.begin, first.at.size()), "Blue kettle");
  EXPECT_EQ(std::get<double>(first.meta.at("price")), 30.5);
  EXPECT_EQ(std::get<std::int64_t>(first.meta.at("left_over")), 7);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(rows.document.rows[1].meta.at("price")));
  EXPECT_EQ(rows.document.notes, (std::vector<std::string>{"binary values of column 'picture' left out"}));
}

TEST_F(SqlRowsTest, RowsOfSeveralTablesAreNumbered) {
  make(
      "CREATE TABLE a(k INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b(k INTEGER PRIMARY KEY, y TEXT);"
      "INSERT INTO a VALUES(5,'one'); INSERT INTO b VALUES(5,'two')");
  const SqlRows rows = read("SELECT a.k AS ka, x, y FROM a JOIN b ON a.k = b.k").value();
  EXPECT_EQ(rows.name, "shop.db:query");
  EXPECT_EQ(rows.document.rows[0].id, "1");
  EXPECT_EQ(rows.document.text, "ka: 5\nx: one\ny: two\n");
  ReadOptions options;
  options.id_field = "ka";
  EXPECT_EQ(read("SELECT a.k AS ka, x FROM a", options).value().document.rows[0].id, "5");
  options.id_field = "kb";
  EXPECT_NE(read("SELECT a.k AS ka, x FROM a", options).error().message.find("Did you mean 'ka'"), std::string::npos);
}

TEST_F(SqlRowsTest, RefusesWhatIsNoSelect) {
  make("CREATE TABLE item(id INTEGER PRIMARY KEY)");
  for (const char* query :
       {"DELETE FROM item", "SELECT 1; SELECT 2", "", "ATTACH 'x' AS y", "INSERT INTO item VALUES(1) RETURNING id"}) {
    EXPECT_EQ(read(query).error().code, Code::invalid_argument) << query;
  }
  EXPECT_NE(refused("SELECT * FROM itm").find("no such table: itm"), std::string::npos);
  EXPECT_TRUE(read("SELECT * FROM item; ").value().document.rows.empty());
}

TEST_F(SqlRowsTest, SaysWhatAnotherDatabaseNeeds) {
  EXPECT_EQ(read_sql("sqlite:/none/there.db", "SELECT 1", {}, context_).error().code, Code::not_found);
  EXPECT_EQ(read_sql("mysql://h/d", "SELECT 1", {}, context_).error().code, Code::unsupported);
  EXPECT_EQ(read_sql("postgres://127.0.0.1:1/d", "SELECT 1", {}, context_).error().code, Code::unavailable);
  EXPECT_EQ(read_sql("shop.db", "SELECT 1", {}, context_).error().code, Code::invalid_argument);
  ASSERT_TRUE(
      write_file(folder_.path() / "shop.db", "this is no database, only some text that is longer than a header is"));
  EXPECT_EQ(read("SELECT 1 FROM sqlite_schema").error().code, Code::corrupt_data);
}

TEST_F(SqlRowsTest, KeepsToTheSizeLimitAndToCancel) {
  make(
      "CREATE TABLE item(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO item VALUES(1,'0123456789'),(2,'0123456789')");
  ReadOptions options;
  options.max_size = 15;
  EXPECT_EQ(read("SELECT * FROM item", options).error().code, Code::too_long);
  CancelToken cancel;
  cancel.cancel();
  context_.cancel = &cancel;
  const auto endless = read("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c");
  EXPECT_EQ(endless.error().code, Code::cancelled);
}

}  // namespace
}  // namespace isogloss
