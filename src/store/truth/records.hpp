// SPDX-License-Identifier: Apache-2.0
// Rows of the truth: documents with their chunks, spaces with their vectors, the change log. All functions work inside
// the caller's transaction (writing) or connection (reading).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/store.hpp"
#include "store/truth/database.hpp"
#include "store/truth/text_packer.hpp"

namespace isogloss::store {

enum class ChangeOp : std::int64_t { add_document = 1, remove_document = 2, spaces = 3 };

struct Change {
  std::int64_t seq = 0;
  ChangeOp op = ChangeOp::add_document;
  std::int64_t first_chunk = 0;  // of the document that came or went; last < first = it had none
  std::int64_t last_chunk = -1;
};

// ---- writing

// Numbers of the chunks a put created.
struct ChunkRange {
  std::int64_t first = 0;
  std::int64_t last = -1;
};

// Whether a put brings a vector for each of its chunks.
bool has_vectors(const DocumentPut& put, std::int64_t space);

// Chunks `part` of a document whose row does not exist yet; they stay invisible until insert_document.
// `document_row` comes from next_document_row.
Result<std::int64_t> next_document_row(Database& database);
Result<ChunkRange> insert_chunks(Database& database, std::int64_t document_row, const DocumentPut& put,
                                 const PackedText& text, Span part, std::int64_t space);
// The document's row, text and metadata, and its entry in the change log, whose sequence number it returns.
Result<std::int64_t> insert_document(Database& database, std::int64_t document_row, const DocumentPut& put,
                                     const PackedText& text, ChunkRange chunks);
// Removes a document and everything of it; false when the name is unknown.
Result<bool> delete_document(Database& database, std::string_view name);
// Removes chunks that no document owns: the rest of a large file that was never finished.
Status delete_orphans(Database& database);
Status log_change(Database& database, ChangeOp op, ChunkRange chunks);

// ---- reading

Result<std::int64_t> last_seq(Database& database);
Result<std::vector<Change>> changes_after(Database& database, std::int64_t seq);
Result<std::optional<DocumentState>> find_document(Database& database, std::string_view name);
Result<std::vector<DocumentState>> list_documents(Database& database);
// Bytes [begin, end) of a document's text.
Result<std::string> read_text(Database& database, std::int64_t document_row, Span range);
Result<std::string> read_document_text_of(Database& database, std::string_view name, Span range);
Result<Metadata> read_document_metadata(Database& database, std::string_view name);
Result<std::optional<StoredChunk>> read_chunk(Database& database, std::int64_t number, ChunkParts parts);
// Chunks first..last with text and heading; metadata is not filled.
Status visit_chunks(Database& database, ChunkRange range, const std::function<Result<bool>(StoredChunk&)>& visit);

// ---- spaces

Result<std::vector<SpaceInfo>> list_spaces(Database& database);
Result<std::int64_t> insert_space(Database& database, const SpaceInfo& space, std::string_view fitted_files);
std::vector<float> floats_of(std::span<const std::byte> blob);
Status insert_vector(Database& database, std::int64_t space, std::int64_t chunk, std::span<const float> row);
// The vector in a space of a chunk with that text; empty = there is none.
Result<std::vector<float>> find_vector_of_text(Database& database, std::int64_t space, const TextHash& text);
// Vectors of a space for chunks first..last, ascending by chunk.
Status visit_vectors(Database& database, std::int64_t space, ChunkRange range,
                     const std::function<Status(std::int64_t chunk, std::span<const std::byte> data)>& visit);

}  // namespace isogloss::store
