// SPDX-License-Identifier: Apache-2.0
// A collection of an older format opens, and holds what it held (tests/golden/store/make.py).
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "isogloss/store.hpp"

namespace isogloss::store {
namespace {

namespace fs = std::filesystem;

class OldFormat : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("ISOGLOSS_SOURCE_DIR");
    if (source == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
    const std::string sql = read_file(fs::path(source) / "tests/golden/store/format1.sql").value();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_.path() / "db.sqlite").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    ASSERT_EQ(sqlite3_exec(database, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  TemporaryFolder folder_;
  Context context_;
};

TEST_F(OldFormat, OpensForReadingWithLinesAndAllItHeld) {
  const auto store = open_store(folder_.path(), OpenMode::read, {}, context_).value();
  const std::int64_t number = store->chunk_number("refunds.md#1").value();
  const StoredChunk chunk = store->chunks({&number, 1}).value().front();
  EXPECT_EQ(chunk.text, "The refund period is thirty days.");
  EXPECT_EQ(chunk.heading, "Refunds > Period");
  EXPECT_EQ(chunk.line, 8u);
  EXPECT_EQ(chunk.wider, (Span{0, 0}));
  EXPECT_TRUE(chunk.boxes.empty());
  EXPECT_EQ(std::get<std::int64_t>(chunk.meta.at("year")), 2024);
  EXPECT_EQ(store->vector(number).value().size(), 2u);
}

TEST_F(OldFormat, EqualTextsAreFoundAfterwards) {
  const auto store = open_store(folder_.path(), OpenMode::write, {}, context_).value();
  const std::int64_t number = store->chunk_number("refunds.md#1").value();
  const std::vector<std::string> texts{indexed_text("Refunds > Period", "The refund period is thirty days."), "else"};
  const auto found = store->vectors_of_texts(store->spaces().value().front().number, texts).value();
  EXPECT_EQ(found[0], store->vector(number).value());
  EXPECT_TRUE(found[1].empty());
}

TEST_F(OldFormat, WhatItWasIsKeptBesideIt) {
  ASSERT_TRUE(open_store(folder_.path(), OpenMode::write, {}, context_));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_.path() / "db.sqlite.format-1").c_str(), &database), SQLITE_OK);
  std::string format;
  sqlite3_exec(
      database, "PRAGMA user_version",
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0];
        return 0;
      },
      &format, nullptr);
  sqlite3_close(database);
  EXPECT_EQ(format, "1");
}

}  // namespace
}  // namespace isogloss::store
