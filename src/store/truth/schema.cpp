// SPDX-License-Identifier: Apache-2.0
// The tables of a collection (docs/formats/collection.md). Documents keep their text in blocks, so that a hit in a
// large table costs the blocks its span touches. The change log has one row per document: chunk numbers of a document
// are consecutive, so [first, last] says which chunks came or went, even after their rows are gone. The row of
// `document` is written last: chunks without it are invisible (a large file that was never finished) and the next
// writer deletes them.
#include "store/truth/schema.hpp"

#include "core/file.hpp"
#include "core/places.hpp"
#include "store/truth/records.hpp"

namespace isogloss::store {
namespace {

constexpr std::int64_t kApplicationId = 0x49534F47;  // "ISOG"

constexpr const char* kTables = R"sql(
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE document(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL, root TEXT NOT NULL,
  hash TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL, inode INTEGER NOT NULL,
  title TEXT NOT NULL, type TEXT NOT NULL, text_size INTEGER NOT NULL, first_chunk INTEGER NOT NULL, last_chunk INTEGER NOT NULL,
  pages BLOB NOT NULL, boxes BLOB NOT NULL, moments BLOB NOT NULL DEFAULT x'');
CREATE TABLE text_block(
  document INTEGER NOT NULL, begin INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(document, begin)) WITHOUT ROWID;
CREATE TABLE chunk(
  id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, key TEXT NOT NULL, ordinal INTEGER NOT NULL,
  begin INTEGER NOT NULL, end INTEGER NOT NULL, page INTEGER NOT NULL, heading TEXT NOT NULL,
  units INTEGER NOT NULL, line INTEGER NOT NULL DEFAULT 0, wider_begin INTEGER NOT NULL DEFAULT 0,
  wider_end INTEGER NOT NULL DEFAULT 0, text_hash BLOB NOT NULL DEFAULT x'');
CREATE UNIQUE INDEX chunk_key ON chunk(document, key);
CREATE INDEX chunk_text ON chunk(text_hash);
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

// Format 2 keeps times, the line and the wider passage of a chunk, and the hash that equal texts are found by.
constexpr const char* kToFormat2 = R"sql(
ALTER TABLE document ADD COLUMN moments BLOB NOT NULL DEFAULT x'';
ALTER TABLE chunk ADD COLUMN line INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN wider_begin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN wider_end INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN text_hash BLOB NOT NULL DEFAULT x'';
)sql";

// Line and hash of the chunks of one document.
Status fill_chunks(Database& database, std::int64_t document, ChunkRange range, const std::string& text) {
  std::vector<Chunk> chunks;
  std::vector<std::int64_t> numbers;
  Statement* select =
      IG_TRY(database.cached("SELECT id, begin, end, heading FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id"));
  select->bind(0, range.first).bind(1, range.last);
  while (IG_TRY(select->step())) {
    Chunk& chunk = chunks.emplace_back();
    numbers.push_back(select->integer(0));
    chunk.at = {static_cast<std::size_t>(select->integer(1)), static_cast<std::size_t>(select->integer(2))};
    chunk.heading = select->text(3);
    if (chunk.at.begin > chunk.at.end || chunk.at.end > text.size()) {
      return fail(Code::corrupt_data, "a chunk of document " + std::to_string(document) + " lies outside its text.");
    }
  }
  number_lines(text, chunks);
  Statement* update = IG_TRY(database.cached("UPDATE chunk SET line=?, text_hash=? WHERE id=?"));
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::string_view own = std::string_view(text).substr(chunks[i].at.begin, chunks[i].at.size());
    const TextHash hash = text_hash(indexed_text(chunks[i].heading, own));
    update->reset();
    update->bind(0, std::int64_t{chunks[i].line}).bind_borrowed(1, hash);
    IG_TRY(update->bind(2, numbers[i]).run());
  }
  return {};
}

Status migrate_to_2(Database& database) {
  IG_TRY(database.execute(kToFormat2));
  Statement documents = IG_TRY(database.prepare("SELECT id, text_size, first_chunk, last_chunk FROM document"));
  while (IG_TRY(documents.step())) {
    const Span whole{0, static_cast<std::size_t>(documents.integer(1))};
    const std::string text = IG_TRY(read_text(database, documents.integer(0), whole));
    IG_TRY(fill_chunks(database, documents.integer(0), {documents.integer(2), documents.integer(3)}, text));
  }
  return database.execute("CREATE INDEX chunk_text ON chunk(text_hash)");
}

// A copy that this version's predecessor can open, made durable before anything changes.
Status copy_before(Database& database, const std::filesystem::path& file, int format) {
  const std::filesystem::path copy = file.string() + ".format-" + std::to_string(format);
  std::error_code error;
  std::filesystem::remove(copy, error);  // of a migration that was interrupted
  Statement vacuum = IG_TRY(database.prepare("VACUUM INTO ?"));
  IG_TRY(vacuum.bind(0, std::string_view(copy.native())).run());
  IG_TRY(sync_file(copy));
  return sync_folder(file.parent_path());
}

Status migrate(Database& database, const std::filesystem::path& file, int format) {
  IG_TRY(copy_before(database, file, format));
  Transaction transaction = IG_TRY(Transaction::begin(database));
  IG_TRY(migrate_to_2(database));
  IG_TRY(database.execute(("PRAGMA user_version=" + std::to_string(kStoreFormat)).c_str()));
  return transaction.commit();
}

}  // namespace

Result<int> format_of(Database& database, const std::filesystem::path& file) {
  const std::int64_t format = IG_TRY(database.integer("PRAGMA user_version"));
  if (format > kStoreFormat) {
    return fail(Code::unsupported, "'" + file.string() + "' has collection format " + std::to_string(format) +
                                       "; this version reads up to " + std::to_string(kStoreFormat) +
                                       ". Use a newer isogloss.");
  }
  if (IG_TRY(database.integer("PRAGMA application_id")) != kApplicationId || format < 1) {
    return fail(Code::corrupt_data, "'" + file.string() + "' is not an isogloss collection.");
  }
  return static_cast<int>(format);
}

Status prepare_schema(Database& database, const std::filesystem::path& file) {
  const bool fresh = IG_TRY(database.integer("SELECT count(*) FROM sqlite_schema")) == 0;
  if (!fresh) {
    const int format = IG_TRY(format_of(database, file));
    return format < kStoreFormat ? migrate(database, file, format) : Status();
  }
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
