// SPDX-License-Identifier: Apache-2.0
#include "store/truth/records.hpp"

#include <zstd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "store/truth/places.hpp"

namespace isogloss::store {
namespace {

constexpr std::int64_t kKindNull = 0, kKindBool = 1, kKindInteger = 2, kKindReal = 3, kKindText = 4;

Status insert_meta(Statement& statement, std::int64_t owner, const std::string& key, const MetaValue& value) {
  statement.reset();
  statement.bind(0, owner).bind(1, std::string_view(key));
  if (const auto* flag = std::get_if<bool>(&value)) {
    statement.bind(2, kKindBool).bind(3, std::int64_t{*flag});
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    statement.bind(2, kKindInteger).bind(3, *integer);
  } else if (const auto* real = std::get_if<double>(&value); real != nullptr && !std::isnan(*real)) {
    statement.bind(2, kKindReal).bind(3, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.bind(2, kKindText).bind(4, std::string_view(*text));
  } else {
    statement.bind(2, kKindNull);
  }
  return statement.run();
}

Status read_meta(Database& database, const char* sql, std::int64_t owner, Metadata& out) {
  Statement* statement = IG_TRY(database.cached(sql));
  statement->bind(0, owner);
  while (IG_TRY(statement->step())) {
    MetaValue value;
    switch (statement->integer(1)) {
      case kKindBool:
        value = statement->integer(2) != 0;
        break;
      case kKindInteger:
        value = statement->integer(2);
        break;
      case kKindReal:
        value = statement->real(2);
        break;
      case kKindText:
        value = std::string(statement->text(3));
        break;
      default:
        break;
    }
    out.emplace(std::string(statement->text(0)), std::move(value));  // what is there already (the row's own) wins
  }
  return {};
}

std::string packed_pages(const Document& document) {
  std::string out(document.pages.size() * 8, '\0');
  for (std::size_t i = 0; i < document.pages.size(); ++i) {
    const std::uint64_t offset = document.pages[i];
    std::memcpy(out.data() + i * 8, &offset, 8);
  }
  return out;
}

Status insert_text(Database& database, std::int64_t document_row, std::size_t size,
                   const std::vector<std::string>& blocks) {
  Statement* insert = IG_TRY(database.cached("INSERT INTO text_block VALUES(?,?,?,?)"));
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::size_t begin = i * kTextBlock;
    insert->reset();
    insert->bind(0, document_row)
        .bind(1, static_cast<std::int64_t>(begin))
        .bind(2, static_cast<std::int64_t>(std::min(kTextBlock, size - begin)));
    IG_TRY(insert->bind_borrowed(3, std::as_bytes(std::span(blocks[i]))).run());
  }
  return {};
}

DocumentState document_state(const Statement& row) {
  DocumentState state;
  state.name = row.text(0);
  state.path = row.text(1);
  state.root = row.text(2);
  state.hash = row.text(3);
  state.size = static_cast<std::uint64_t>(row.integer(4));
  state.mtime_ns = row.integer(5);
  state.inode = static_cast<std::uint64_t>(row.integer(6));
  state.chunks = row.integer(8) - row.integer(7) + 1;
  return state;
}

constexpr const char* kSelectDocument =
    "SELECT name, path, root, hash, size, mtime, inode, first_chunk, last_chunk FROM document WHERE name=?";
constexpr const char* kSelectDocuments =
    "SELECT name, path, root, hash, size, mtime, inode, first_chunk, last_chunk FROM document ORDER BY name";
constexpr const char* kSelectDocumentMeta = "SELECT key, kind, num, text FROM document_meta WHERE document=?";
constexpr const char* kSelectChunks =
    "SELECT c.id, d.name, c.key, d.path, d.title, c.heading, c.begin, c.end, c.ordinal, c.page, d.id, c.line, "
    "c.wider_begin, c.wider_end, length(d.boxes), length(d.moments) FROM chunk c "
    "JOIN document d ON d.id=c.document WHERE c.id BETWEEN ? AND ? ORDER BY c.id";

StoredChunk stored_chunk(const Statement& row) {
  StoredChunk chunk;
  chunk.number = row.integer(0);
  chunk.document = row.text(1);
  chunk.id = chunk.document + "#" + std::string(row.text(2));
  chunk.path = row.text(3);
  chunk.title = row.text(4);
  chunk.heading = row.text(5);
  chunk.at = {static_cast<std::size_t>(row.integer(6)), static_cast<std::size_t>(row.integer(7))};
  chunk.ordinal = static_cast<std::uint32_t>(row.integer(8));
  chunk.page = static_cast<std::uint32_t>(row.integer(9));
  chunk.line = static_cast<std::uint32_t>(row.integer(11));
  chunk.wider = {static_cast<std::size_t>(row.integer(12)), static_cast<std::size_t>(row.integer(13))};
  return chunk;
}

}  // namespace

bool has_vectors(const DocumentPut& put, std::int64_t space) {
  return space != 0 && put.vectors.rows() == put.chunks.size();
}

Result<std::int64_t> next_document_row(Database& database) {
  return IG_TRY(
             database.cached_integer("SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name='document'), 0),"
                                     "           coalesce((SELECT max(document) FROM chunk), 0))")) +
         1;
}

Result<ChunkRange> insert_chunks(Database& database, std::int64_t document_row, const DocumentPut& put,
                                 const PackedText& text, Span part, std::int64_t space) {
  Statement* insert = IG_TRY(
      database.cached("INSERT INTO chunk(document, key, ordinal, begin, end, page, heading, units, line, wider_begin, "
                      "wider_end, text_hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"));
  Statement* meta = IG_TRY(database.cached("INSERT OR REPLACE INTO chunk_meta VALUES(?,?,?,?,?)"));
  ChunkRange range;
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const Chunk& chunk = put.chunks[i];
    insert->reset();
    insert->bind(0, document_row).bind(1, std::string_view(chunk.key)).bind(2, std::int64_t{chunk.ordinal});
    insert->bind(3, static_cast<std::int64_t>(chunk.at.begin)).bind(4, static_cast<std::int64_t>(chunk.at.end));
    insert->bind(5, std::int64_t{chunk.page})
        .bind(6, std::string_view(chunk.heading))
        .bind(7, std::int64_t{chunk.units});
    insert->bind(8, std::int64_t{chunk.line}).bind(9, static_cast<std::int64_t>(chunk.wider.begin));
    insert->bind(10, static_cast<std::int64_t>(chunk.wider.end)).bind_borrowed(11, text.hashes[i]);
    const Status done = insert->run();
    if (!done) {
      if (done.error().message.find("UNIQUE") == std::string::npos) return fail(done.error());
      return fail(Code::invalid_argument, "'" + put.state.name + "' has two rows with the id '" + chunk.key +
                                              "'. Make the ids unique, or name another column with --id-field.");
    }
    range.last = database.last_insert_rowid();
    if (i == part.begin) range.first = range.last;
    for (const auto& [key, value] : chunk.meta) IG_TRY(insert_meta(*meta, range.last, key, value));
    if (!has_vectors(put, space)) continue;
    if (!std::ranges::all_of(put.vectors.row_f32(i), [](float v) { return std::isfinite(v); })) {
      return fail(Code::invalid_argument, "the vector of chunk '" + chunk.key + "' of '" + put.state.name +
                                              "' has a value that is not finite.");
    }
    Statement* vector = IG_TRY(database.cached("INSERT INTO vector VALUES(?,?,0,?,NULL)"));
    vector->bind(0, space).bind(1, range.last).bind_borrowed(2, std::as_bytes(put.vectors.row_f32(i)));
    IG_TRY(vector->run());
  }
  return range;
}

Result<std::int64_t> insert_document(Database& database, std::int64_t document_row, const DocumentPut& put,
                                     const PackedText& text, ChunkRange chunks) {
  Statement* insert = IG_TRY(database.cached(
      "INSERT INTO document(id, name, path, root, hash, size, mtime, inode, title, type, text_size, first_chunk, "
      "last_chunk, pages, boxes, moments) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const DocumentState& state = put.state;
  const std::string pages = packed_pages(put.document), boxes = pack_boxes(put.document.boxes),
                    moments = pack_moments(put.document.moments);
  insert->bind(0, document_row).bind(1, std::string_view(state.name)).bind(2, std::string_view(state.path));
  insert->bind(3, std::string_view(state.root)).bind(4, std::string_view(state.hash));
  insert->bind(5, static_cast<std::int64_t>(state.size)).bind(6, state.mtime_ns);
  insert->bind(7, static_cast<std::int64_t>(state.inode)).bind(8, std::string_view(put.document.title));
  insert->bind(9, std::string_view(put.document.type)).bind(10, static_cast<std::int64_t>(put.document.text.size()));
  insert->bind(11, chunks.first).bind(12, chunks.last);
  insert->bind_borrowed(13, std::as_bytes(std::span(pages))).bind_borrowed(14, std::as_bytes(std::span(boxes)));
  insert->bind_borrowed(15, std::as_bytes(std::span(moments)));
  IG_TRY(insert->run());
  IG_TRY(insert_text(database, document_row, put.document.text.size(), text.blocks));
  Statement* meta = IG_TRY(database.cached("INSERT OR REPLACE INTO document_meta VALUES(?,?,?,?,?)"));
  for (const auto& [key, value] : put.document.meta) IG_TRY(insert_meta(*meta, document_row, key, value));
  IG_TRY(log_change(database, ChangeOp::add_document, chunks));
  return database.last_insert_rowid();
}

Result<bool> delete_document(Database& database, std::string_view name) {
  Statement* find = IG_TRY(database.cached("SELECT id, first_chunk, last_chunk FROM document WHERE name=?"));
  find->bind(0, name);
  if (!IG_TRY(find->step())) return false;
  const std::int64_t row = find->integer(0);
  const ChunkRange chunks{find->integer(1), find->integer(2)};
  find->reset();
  const auto by_range = [&](const char* sql) -> Status {
    Statement* statement = IG_TRY(database.cached(sql));
    return statement->bind(0, chunks.first).bind(1, chunks.last).run();
  };
  const auto by_row = [&](const char* sql) -> Status {
    Statement* statement = IG_TRY(database.cached(sql));
    return statement->bind(0, row).run();
  };
  IG_TRY(by_range("DELETE FROM chunk_meta WHERE chunk BETWEEN ? AND ?"));
  IG_TRY(by_range("DELETE FROM vector WHERE space IN (SELECT id FROM space) AND chunk BETWEEN ? AND ?"));
  IG_TRY(by_range("DELETE FROM chunk WHERE id BETWEEN ? AND ?"));
  IG_TRY(by_row("DELETE FROM document_meta WHERE document=?"));
  IG_TRY(by_row("DELETE FROM text_block WHERE document=?"));
  IG_TRY(by_row("DELETE FROM document WHERE id=?"));
  IG_TRY(log_change(database, ChangeOp::remove_document, chunks));
  return true;
}

Status delete_orphans(Database& database) {
  if (IG_TRY(database.integer("SELECT EXISTS(SELECT 1 FROM chunk WHERE document > "
                              "(SELECT coalesce(max(id),0) FROM document))")) == 0) {
    return {};
  }
  Transaction transaction = IG_TRY(Transaction::begin(database));
  IG_TRY(database.execute(
      "CREATE TEMP TABLE orphan AS SELECT id FROM chunk WHERE document NOT IN (SELECT id FROM document);"
      "DELETE FROM chunk_meta WHERE chunk IN (SELECT id FROM orphan);"
      "DELETE FROM vector WHERE chunk IN (SELECT id FROM orphan);"
      "DELETE FROM chunk WHERE id IN (SELECT id FROM orphan);"
      "DROP TABLE orphan"));
  return transaction.commit();
}

Status log_change(Database& database, ChangeOp op, ChunkRange chunks) {
  Statement* insert = IG_TRY(database.cached("INSERT INTO change(op, first_chunk, last_chunk) VALUES(?,?,?)"));
  return insert->bind(0, static_cast<std::int64_t>(op)).bind(1, chunks.first).bind(2, chunks.last).run();
}

Result<std::int64_t> last_seq(Database& database) { return database.cached_integer("SELECT max(seq) FROM change"); }

Result<std::vector<Change>> changes_after(Database& database, std::int64_t seq) {
  Statement* statement =
      IG_TRY(database.cached("SELECT seq, op, first_chunk, last_chunk FROM change WHERE seq>? ORDER BY seq"));
  statement->bind(0, seq);
  std::vector<Change> out;
  while (IG_TRY(statement->step())) {
    out.push_back({statement->integer(0), static_cast<ChangeOp>(statement->integer(1)), statement->integer(2),
                   statement->integer(3)});
  }
  return out;
}

Result<std::optional<DocumentState>> find_document(Database& database, std::string_view name) {
  Statement* statement = IG_TRY(database.cached(kSelectDocument));
  statement->bind(0, name);
  std::optional<DocumentState> out;
  if (IG_TRY(statement->step())) out = document_state(*statement);
  statement->reset();
  return out;
}

Result<std::vector<DocumentState>> list_documents(Database& database) {
  Statement* statement = IG_TRY(database.cached(kSelectDocuments));
  std::vector<DocumentState> out;
  while (IG_TRY(statement->step())) out.push_back(document_state(*statement));
  return out;
}

Result<std::string> read_text(Database& database, std::int64_t document_row, Span range) {
  Statement* statement = IG_TRY(database.cached(
      "SELECT begin, size, data FROM text_block WHERE document=? AND begin>=? AND begin<? ORDER BY begin"));
  statement->bind(0, document_row).bind(1, static_cast<std::int64_t>(range.begin / kTextBlock * kTextBlock));
  statement->bind(2, static_cast<std::int64_t>(range.end));
  std::string out, block;
  while (IG_TRY(statement->step())) {
    const auto begin = static_cast<std::size_t>(statement->integer(0));
    block.resize(std::min(static_cast<std::size_t>(statement->integer(1)), kTextBlock));
    const auto data = statement->blob(2);
    const std::size_t size = ZSTD_decompress(block.data(), block.size(), data.data(), data.size());
    if (ZSTD_isError(size) != 0 || size != block.size()) {
      return fail(Code::corrupt_data,
                  "a block of the text of document " + std::to_string(document_row) + " is damaged.");
    }
    const std::size_t from = std::max(range.begin, begin) - begin;
    const std::size_t to = std::min(range.end, begin + size) - begin;
    if (to > from) out.append(block, from, to - from);
  }
  return out;
}

Result<std::string> read_document_text_of(Database& database, std::string_view name, Span range) {
  Statement* statement = IG_TRY(database.cached("SELECT id, text_size FROM document WHERE name=?"));
  statement->bind(0, name);
  if (!IG_TRY(statement->step())) return fail(Code::not_found, "there is no document '" + std::string(name) + "'.");
  const std::int64_t row = statement->integer(0);
  range.end = std::min(range.end, static_cast<std::size_t>(statement->integer(1)));
  range.begin = std::min(range.begin, range.end);
  statement->reset();
  return read_text(database, row, range);
}

Result<Metadata> read_document_metadata(Database& database, std::string_view name) {
  Statement* statement = IG_TRY(database.cached("SELECT id FROM document WHERE name=?"));
  statement->bind(0, name);
  if (!IG_TRY(statement->step())) return fail(Code::not_found, "there is no document '" + std::string(name) + "'.");
  const std::int64_t row = statement->integer(0);
  statement->reset();
  Metadata out;
  IG_TRY(read_meta(database, kSelectDocumentMeta, row, out));
  return out;
}

Status visit_chunks(Database& database, ChunkRange range, const std::function<Result<bool>(StoredChunk&)>& visit) {
  Statement statement = IG_TRY(database.prepare(kSelectChunks));
  statement.bind(0, range.first).bind(1, range.last);
  while (IG_TRY(statement.step())) {
    StoredChunk chunk = stored_chunk(statement);
    chunk.text = IG_TRY(read_text(database, statement.integer(10), chunk.at));
    if (!IG_TRY(visit(chunk))) return {};
  }
  return {};
}

Result<std::optional<StoredChunk>> read_chunk(Database& database, std::int64_t number, ChunkParts parts) {
  Statement* select = IG_TRY(database.cached(kSelectChunks));
  select->bind(0, number).bind(1, number);
  std::optional<StoredChunk> out;
  std::int64_t document = 0;
  bool boxes = false, moments = false;
  if (IG_TRY(select->step())) {
    out = stored_chunk(*select);
    document = select->integer(10);
    boxes = select->integer(14) != 0;
    moments = select->integer(15) != 0;
  }
  select->reset();
  if (!out || parts == ChunkParts::names) return out;
  out->text = IG_TRY(read_text(database, document, out->at));
  IG_TRY(read_meta(database, "SELECT key, kind, num, text FROM chunk_meta WHERE chunk=?", number, out->meta));
  IG_TRY(read_meta(database, kSelectDocumentMeta, document, out->meta));
  if (boxes) out->boxes = IG_TRY(read_boxes(database, document, out->at));
  if (moments) out->moments = IG_TRY(read_moments(database, document, out->at));
  return out;
}

Result<std::vector<SpaceInfo>> list_spaces(Database& database) {
  Statement* statement = IG_TRY(database.cached(
      "SELECT id, space_id, model, compute, dtype, dimension, metric, role, fitted_documents FROM space ORDER BY id"));
  std::vector<SpaceInfo> out;
  while (IG_TRY(statement->step())) {
    SpaceInfo space;
    space.number = statement->integer(0);
    space.space_id = statement->text(1);
    space.model = statement->text(2);
    space.compute = statement->text(3);
    space.dtype = static_cast<DType>(statement->integer(4));
    space.dimension = static_cast<std::size_t>(statement->integer(5));
    space.metric = static_cast<Metric>(statement->integer(6));
    space.role = static_cast<SpaceRole>(statement->integer(7));
    space.fitted_documents = statement->integer(8);
    out.push_back(std::move(space));
  }
  return out;
}

Result<std::int64_t> insert_space(Database& database, const SpaceInfo& space, std::string_view fitted_files) {
  Statement* insert = IG_TRY(
      database.cached("INSERT INTO space(space_id, model, compute, dtype, dimension, metric, role, fitted_documents) "
                      "VALUES(?,?,?,?,?,?,?,?)"));
  insert->bind(0, std::string_view(space.space_id)).bind(1, std::string_view(space.model));
  insert->bind(2, std::string_view(space.compute)).bind(3, static_cast<std::int64_t>(space.dtype));
  insert->bind(4, static_cast<std::int64_t>(space.dimension)).bind(5, static_cast<std::int64_t>(space.metric));
  insert->bind(6, static_cast<std::int64_t>(space.role)).bind(7, space.fitted_documents);
  IG_TRY(insert->run());
  const std::int64_t number = database.last_insert_rowid();
  if (!fitted_files.empty()) {
    Statement* fitted = IG_TRY(database.cached("INSERT INTO fitted VALUES(?,?)"));
    IG_TRY(fitted->bind(0, number).bind_blob(1, IG_TRY(database.compressor().pack(fitted_files))).run());
  }
  return number;
}

std::vector<float> floats_of(std::span<const std::byte> blob) {
  std::vector<float> out(blob.size() / sizeof(float));
  std::memcpy(out.data(), blob.data(), out.size() * sizeof(float));
  return out;
}

Status insert_vector(Database& database, std::int64_t space, std::int64_t chunk, std::span<const float> row) {
  // A chunk may have gone since its text was read to embed it.
  Statement* insert = IG_TRY(database.cached(
      "INSERT OR REPLACE INTO vector SELECT ?1, ?2, 0, ?3, NULL WHERE EXISTS(SELECT 1 FROM chunk WHERE id=?2)"));
  return insert->bind(0, space).bind(1, chunk).bind_blob(2, std::as_bytes(row)).run();
}

Result<std::vector<float>> find_vector_of_text(Database& database, std::int64_t space, const TextHash& text) {
  // CROSS: the planner knows no statistics, and would read the vectors of the whole space first.
  Statement* find = IG_TRY(
      database.cached("SELECT v.data FROM chunk c CROSS JOIN vector v ON v.space=? AND v.chunk=c.id AND v.part=0 "
                      "WHERE c.text_hash=? LIMIT 1"));
  find->bind(0, space).bind_borrowed(1, text);
  std::vector<float> out;
  if (IG_TRY(find->step())) out = floats_of(find->blob(0));
  find->reset();
  return out;
}

Status visit_vectors(Database& database, std::int64_t space, ChunkRange range,
                     const std::function<Status(std::int64_t, std::span<const std::byte>)>& visit) {
  Statement statement = IG_TRY(database.prepare(
      "SELECT v.chunk, v.data FROM vector v JOIN chunk c ON c.id=v.chunk JOIN document d ON d.id=c.document "
      "WHERE v.space=? AND v.chunk BETWEEN ? AND ? AND v.part=0 ORDER BY v.chunk"));
  statement.bind(0, space).bind(1, range.first).bind(2, range.last);
  while (IG_TRY(statement.step())) IG_TRY(visit(statement.integer(0), statement.blob(1)));
  return {};
}

}  // namespace isogloss::store
