// SPDX-License-Identifier: Apache-2.0
// Files -> Document -> Chunk: what every indexing starts with, usable on its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/input.hpp"
#include "isogloss/result.hpp"
#include "isogloss/vectors.hpp"

namespace isogloss {

// A program of the user's that turns a file into text: run by the shell, it gets the path on standard input and prints
// JSON lines {"text","page","start","end","boxes"} (docs/guide/documents.md).
struct Extractor {
  std::string extension;  // ".pdf"; empty = of all files
  std::string command;
};

struct ReadOptions {
  std::size_t max_size = 100'000'000;     // bytes; larger files are Error{too_long}
  std::vector<std::string> text_fields;   // of tables; empty = title and text, else every column
  std::string id_field;                   // of tables; empty = id or _id
  std::vector<Extractor> extractors;      // before the built-in readers
  std::string ocr;                        // languages, as "eng+deu", to read pages without text in; empty = do not
};

// Reads one file of the formats of document_readers(). Errors: not_found, io, too_long, unsupported (binary, encrypted, or
// a format this build does not read), corrupt_data (damaged, or made to do harm), exhausted (a limit of time, memory or
// output), unavailable (a program that reads it is not installed). Foreign formats are read by worker processes, which the
// process keeps and shares between threads.
Result<Document> read_document(const std::filesystem::path& path, const ReadOptions& options, Context& context);

// The same from memory; extractors are not asked.
Result<Document> read_document_text(std::string_view name, std::string content, const ReadOptions& options,
                                    Context& context);

// Rows of a database as a table: `source` is sqlite:PATH, postgres://USER@HOST/DATABASE or postgres: and the words of a
// libpq connection, `query` one SELECT. The document's name is DATABASE:TABLE (DATABASE:query when the rows come from
// several tables), a row's id its `id` column, --id-field, or the table's primary key. Errors: not_found,
// invalid_argument (not a SELECT, an SQL error), unsupported (another database), too_long, unavailable (locked, not
// reached, libpq not installed).
struct SqlRows {
  std::string name;
  std::string source;  // sqlite: and the absolute path; postgres://HOST:PORT/DATABASE
  Document document;
};
Result<SqlRows> read_sql(std::string_view source, const std::string& query, const ReadOptions& options,
                         Context& context);

// The formats read, one line each: name, extensions, what is kept.
struct ReaderInfo {
  std::string_view name;
  std::string_view extensions;
  std::string_view summary;
};
std::vector<ReaderInfo> document_readers();
// Whether a file of this name, packed (.gz ...) or not, ought to be a document: its extension is one that a reader lists, or
// of a format of documents that none reads (.doc, .rtf ...).
bool is_document_name(std::string_view name);

// Cuts a text into the units that chunk sizes count (a model's tokens; words for models without a tokenizer).
// Implementations are immutable and thread-safe.
class UnitSplitter {
 public:
  virtual ~UnitSplitter() = default;
  virtual std::string_view name() const = 0;  // "words", "tokens"
  // Appends the byte ranges of the units of `text`, ascending and not overlapping.
  virtual void split(std::string_view text, std::vector<Span>& out) const = 0;
};
// Units = runs of characters other than white space.
const UnitSplitter& word_units();

enum class ChunkStrategy : std::uint8_t {
  automatic,  // sentences packed up to the size, never across a heading; rows of tables
  fixed,      // every `size` units
  sentence,
  paragraph,
  section,  // from heading to heading
  row,
  code,          // blocks by indentation, packed up to the size
  semantic,      // sentences, cut where neighbours part; needs vectors
  parent_child,  // small chunks, each with the section (at most `size` units of it) that a search shows instead
  late,          // as automatic; the model reads as much around a chunk as its window holds; needs vectors of tokens
};
Result<ChunkStrategy> parse_chunk_strategy(std::string_view name);
std::string_view chunk_strategy_name(ChunkStrategy strategy);

struct ChunkOptions {
  ChunkStrategy strategy = ChunkStrategy::automatic;
  std::size_t size = 256;          // most units of a chunk, heading prefix included
  std::size_t overlap = 32;        // units repeated from the chunk before (automatic and fixed)
  std::size_t heading_limit = 64;  // most units of the heading prefix
  std::size_t window = 0;          // hard limit of the model in units; 0 = none
};

// Chunks in order of position. Spans lie within the document's text; every character that is not white space, front
// matter or a heading of an empty section is in at least one chunk.
Result<std::vector<Chunk>> chunk_document(const Document& document, const ChunkOptions& options,
                                          const UnitSplitter& units);

class Model;

// Vectors of sentences, for semantic cuts: (texts, dimension) dense f32.
using TextVectors = std::function<Result<Vectors>(std::span<const std::string> texts, Context& context)>;

// How texts are cut for a model: in its own tokens when it reads tokens, else in words.
struct ChunkPlan {
  ChunkOptions options;
  std::shared_ptr<const UnitSplitter> units;
  TextVectors vectors;         // empty = the model gives none
  bool token_vectors = false;  // the model gives one for each token
};
// `options` fitted to the model: the size is at most what the window leaves beside special tokens and the prompt of a
// document, and at least 32. `model` null = words as they are; the plan keeps the model.
ChunkPlan plan_chunks(const ChunkOptions& options, std::shared_ptr<const Model> model);

// The same by a plan. Error{unsupported}: the strategy needs a model that the plan does not have.
Result<std::vector<Chunk>> chunk_document(const Document& document, const ChunkPlan& plan, Context& context);

// indexed_text() of a chunk.
std::string chunk_text(const Document& document, const Chunk& chunk);

// Byte ranges of the sentences within `range` of the text, without the white space between them. Ends at . ! ? and
// their CJK forms, at blank lines and before list items; knows common abbreviations.
std::vector<Span> split_sentences(std::string_view text, Span range);

}  // namespace isogloss
