// SPDX-License-Identifier: Apache-2.0
// The tables of a collection (docs/formats/collection.md). Documents keep their text in blocks, so that a hit in a large
// table costs the blocks its span touches. The change log has one row per document: chunk numbers of a document are
// consecutive, so [first, last] says which chunks came or went, even after their rows are gone. The row of `document` is written last: chunks
// without it are invisible (a large file that was never finished) and the next writer deletes them.
#include "store/truth/schema.hpp"

#include "core/file.hpp"

namespace isogloss::store {
namespace {

constexpr std::int64_t kApplicationId = 0x49534F47;  // "ISOG"

constexpr const char* kTables = R"sql(
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE document(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, root TEXT NOT NULL,
  hash TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, inode INTEGER NOT NULL,
  title TEXT NOT NULL, type TEXT NOT NULL, text_size INTEGER NOT NULL, first_chunk INTEGER NOT NULL, last_chunk INTEGER NOT NULL,
  pages BLOB NOT NULL, boxes BLOB NOT NULL);
CREATE TABLE text_block(
  document INTEGER NOT NULL, begin INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(document, begin)) WITHOUT ROWID;
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, key TEXT NOT NULL, ordinal INTEGER NOT NULL,
  begin INTEGER NOT NULL, end INTEGER NOT NULL, page INTEGER NOT NULL, heading TEXT NOT NULL,
  units INTEGER NOT NULL);
CREATE UNIQUE INDEX chunk_key ON chunk(document, key);
CREATE TABLE document_meta(document INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, num NUMERIC, text TEXT,
  PRIMARY KEY(document, key)) WITHOUT ROWID;
CREATE INDEX document_meta_num ON document_meta(key, num, document, kind) WHERE num IS NOT NULL;
CREATE INDEX document_meta_text ON document_meta(key, text, document) WHERE text IS NOT NULL;
CREATE TABLE chunk_meta(chunk INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, num NUMERIC, text TEXT,
  PRIMARY KEY(chunk, key)) WITHOUT ROWID;
CREATE INDEX chunk_meta_num ON chunk_meta(key, num, chunk, kind) WHERE num IS NOT NULL;
CREATE INDEX chunk_meta_text ON chunk_meta(key, text, chunk) WHERE text IS NOT NULL;
CREATE TABLE space(
  id INTEGER PRIMARY KEY AUTOINCREMENT, space_id TEXT NOT NULL, model TEXT NOT NULL, compute TEXT NOT NULL,
  dtype INTEGER NOT NULL, dimension INTEGER NOT NULL, metric INTEGER NOT NULL, role INTEGER NOT NULL,
  fitted_documents INTEGER NOT NULL);
CREATE TABLE vector(space INTEGER NOT NULL, chunk INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  scale REAL, PRIMARY KEY(space, chunk, part)) WITHOUT ROWID;
CREATE TABLE fitted(space INTEGER PRIMARY KEY, files BLOB NOT NULL);
CREATE TABLE change(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, op INTEGER NOT NULL, first_chunk INTEGER NOT NULL,
  last_chunk INTEGER NOT NULL);
)sql";

}  // namespace

Status check_format(Database& database, const std::filesystem::path& file) {
  const std::int64_t format = IG_TRY(database.integer("PRAGMA user_version"));
  if (format > kStoreFormat) {
    return fail(Code::unsupported, "'" + file.string() + "' has collection format " + std::to_string(format) +
                                       "; this version reads up to " + std::to_string(kStoreFormat) +
                                       ". Use a newer isogloss.");
  }
  if (IG_TRY(database.integer("PRAGMA application_id")) != kApplicationId || format < 1) {
    return fail(Code::corrupt_data, "'" + file.string() + "' is not an isogloss collection.");
  }
  return {};
}

Status prepare_schema(Database& database, const std::filesystem::path& file) {
  const bool fresh = IG_TRY(database.integer("SELECT count(*) FROM sqlite_schema")) == 0;
  if (!fresh) return check_format(database, file);
  IG_TRY(database.execute("PRAGMA page_size=8192"));
  IG_TRY(database.execute("PRAGMA journal_mode=WAL"));
  Transaction transaction = IG_TRY(Transaction::begin(database));
  IG_TRY(database.execute(kTables));
  IG_TRY(database.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
  IG_TRY(database.execute(("PRAGMA user_version=" + std::to_string(kStoreFormat)).c_str()));
  IG_TRY(transaction.commit());
  return sync_folder(file.parent_path());
}

}  // namespace isogloss::store
