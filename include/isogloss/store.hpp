// SPDX-License-Identifier: Apache-2.0
// A Store is one collection's truth and its indexes. It takes vectors and analysed terms and returns ids; it knows no
// model and analyses no text (the analysis is handed in, so that derived files can be rebuilt from the stored text).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/input.hpp"
#include "isogloss/result.hpp"
#include "isogloss/vectors.hpp"

namespace isogloss {

// Terms of one text with their counts, in order of first occurrence, and the number of all term occurrences.
struct TermCounts {
  std::vector<std::pair<std::string, std::uint32_t>> terms;
  std::uint32_t length = 0;
};
// Text -> terms; thread-safe.
using TextAnalysis = std::function<void(std::string_view text, TermCounts& out)>;

// A file as it was when it was stored, to recognise it unchanged.
struct DocumentState {
  std::string name;  // id of the document: path relative to its root
  std::string path;  // absolute; empty when it came from memory
  std::string root;  // absolute path of the root it was indexed under
  std::string hash;  // SHA-256 of the file's bytes
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
  std::int64_t chunks = 0;  // filled when read
};

// One document to store: its state, text and structure, chunks, and per chunk the vector of the current space.
struct DocumentPut {
  DocumentState state;
  Document document;
  std::vector<Chunk> chunks;
  std::vector<TermCounts> terms;  // (chunks), of chunk_text()
  Vectors vectors;                // (chunks, dimension) dense f32 of the serving space; empty = no space
  std::string space_id;           // which space the vectors belong to
};

// A chunk as stored.
struct StoredChunk {
  std::int64_t number = 0;  // internal id; ascending with time, never used twice
  std::string id;           // document name + "#" + key
  std::string document;
  std::string path;
  std::string title;
  std::string heading;
  std::string text;  // verbatim text of the span; indexed is indexed_text(heading, text)
  Span at;
  Span wider;  // as Chunk::wider
  std::uint32_t ordinal = 0;
  std::uint32_t page = 0;
  std::uint32_t line = 0;
  Metadata meta;                // of its row and its document
  std::vector<Box> boxes;       // of the words of the span
  std::vector<Moment> moments;  // of the span
};

enum class SpaceRole : std::uint8_t { search, building, old };

// A space of vectors in the store.
struct SpaceInfo {
  std::int64_t number = 0;
  std::string space_id;
  std::string model;    // reference as the user gave it ("fit:lsa")
  std::string compute;  // compute type the vectors were made with
  DType dtype = DType::f32;
  std::size_t dimension = 0;
  Metric metric = Metric::cosine;
  SpaceRole role = SpaceRole::search;
  std::int64_t fitted_documents = 0;  // chunks the model was fitted on; 0 = not fitted here
};

// When to make a space serve: if every chunk has its vector, or whatever is missing.
enum class Publish : std::uint8_t { complete, as_it_is };

inline constexpr Span kWholeText{0, SIZE_MAX};

// How much of a chunk to read.
enum class ChunkParts : std::uint8_t { all, names };

enum class ScoreKind : std::uint8_t { cosine, dot, euclidean, bm25, rrf, weighted, rerank };
std::string_view score_kind_name(ScoreKind kind);

enum class SearchMode : std::uint8_t { lexical, dense, hybrid };
Result<SearchMode> parse_search_mode(std::string_view name);

enum class Fusion : std::uint8_t { rrf, weighted };

struct StoreQuery {
  SearchMode mode = SearchMode::hybrid;
  std::size_t k = 10;
  std::vector<std::pair<std::string, float>> terms;  // lexical: term, weight
  std::span<const float> vector;                     // dense: (dimension)
  std::string filter;                                // grammar: docs/guide/filters.md; empty = all
  Fusion fusion = Fusion::rrf;
  double dense_weight = 0.5;   // weighted: share of the dense list; rrf: its factor; 0..1
  double rank_constant = 60;   // of rrf
  std::size_t candidates = 0;  // per list before fusion; 0 = max(100, 10 k)
  double recall = 0.99;        // dense: share of the true nearest found on average; 1 = all
  bool exact = false;          // as recall 1
};

struct StoreHit {
  std::int64_t number = 0;
  double score = 0;
  ScoreKind kind = ScoreKind::bm25;
  std::uint32_t lexical_rank = 0, dense_rank = 0;  // from 1; 0 = not in that list
  double lexical_score = 0, dense_score = 0;
};

// How a search was done and what it cost.
struct SearchPlan {
  std::string plan;                // "postings + scan, rrf"
  std::size_t rows = 0;            // chunks of the collection
  std::size_t matches = 0;         // that pass the filter
  std::size_t scored_lexical = 0;  // documents scored
  std::size_t scored_dense = 0;    // distances computed
  std::size_t lists = 0;           // of vectors that were read
  std::size_t codes = 0;           // vectors of which one bit a dimension was read
  std::size_t bytes = 0;           // vectors that were scored by bytes
  double milliseconds = 0;
};

struct StoreHits {
  std::vector<StoreHit> hits;  // best first; ties by number ascending
  SearchPlan plan;
};

// One finding of check().
struct CheckFinding {
  std::string part;     // "bm25-42.idx", "truth"
  std::string problem;  // empty = in order
};

struct StoreCapabilities {
  bool filters = true;
  bool lexical = true;
  bool transactions = true;
  bool own_writes = true;  // a search sees the writes before it
};

enum class OpenMode : std::uint8_t { read, write };

struct StoreOptions {
  std::string vfs;  // SQLite's file layer; empty = the default (tests put a recording one here)
};

// How the collection's text is indexed for lexical search.
struct LexicalOptions {
  TextAnalysis analyse;
  double k1 = 1.2;  // BM25
  double b = 0.75;
  bool lucene_lengths = false;  // keep lengths as Lucene does, in one byte each, for equal scores
};

// The right to build a space; given back when it is destroyed or its process ends.
class BuildTurn {
 public:
  virtual ~BuildTurn() = default;
};

// Thread rule: put(), remove(), search() and the readers may be called from several threads together; puts and removals
// that wait for each other share a transaction and its fsync. Everything else wants the store for itself.
class Store {
 public:
  virtual ~Store() = default;
  virtual StoreCapabilities capabilities() const = 0;

  // To be called once before the first search, put or check.
  virtual void use_lexical(LexicalOptions options) = 0;

  // Durable when it returns: all of the batch or nothing. A document of the same name is replaced. Errors: mismatch, a
  // put's space no longer serves, embed it again; invalid_argument, two chunks with one key or a value in a vector that
  // is not finite.
  virtual Status put(std::span<const DocumentPut> documents, Context& context) = 0;
  virtual Status remove(std::span<const std::string> names, Context& context) = 0;
  // New size, time and inode of documents whose content is the same.
  virtual Status touch(std::span<const DocumentState> states, Context& context) = 0;

  virtual Result<StoreHits> search(const StoreQuery& query, Context& context) = 0;
  // Number of chunks that hold each term. (terms)
  virtual Result<std::vector<std::size_t>> document_frequencies(std::span<const std::string> terms,
                                                                Context& context) = 0;
  // Those of the numbers that there still are, in their order. `names` leaves text, metadata, boxes and moments empty.
  virtual Result<std::vector<StoredChunk>> chunks(std::span<const std::int64_t> numbers,
                                                  ChunkParts parts = ChunkParts::all) = 0;
  virtual Result<std::int64_t> chunk_number(std::string_view id) = 0;  // Error{not_found}

  virtual Result<std::vector<DocumentState>> documents() = 0;  // by name
  virtual Result<std::optional<DocumentState>> document(std::string_view name) = 0;
  // The bytes of the document's text that lie in `range`; kWholeText = all of them. Error{not_found}.
  virtual Result<std::string> document_text(std::string_view name, Span range) = 0;
  // The document's own metadata, without that of its rows.
  virtual Result<Metadata> document_metadata(std::string_view name) = 0;
  // All chunks in order of number, in groups; stops when the callback says false. `visit` must not write.
  virtual Status for_each_chunk(const std::function<Result<bool>(const StoredChunk&)>& visit) = 0;
  virtual Result<std::size_t> chunk_count() = 0;

  // Number of the newest change; every write that a search can see makes it larger.
  virtual Result<std::int64_t> last_change() = 0;

  // Named values of the collection (analyzer, chunker, model).
  virtual Result<std::map<std::string, std::string>> settings() = 0;
  virtual Status set_settings(const std::map<std::string, std::string>& values, Context& context) = 0;

  // Spaces. A new one starts as `building`; publish makes it `search` and drops the one before.
  virtual Result<std::vector<SpaceInfo>> spaces() = 0;
  // One process at a time builds a space. Waits up to `patience`, then Error{unavailable} names the one that does.
  virtual Result<std::unique_ptr<BuildTurn>> begin_build(std::chrono::milliseconds patience, Context& context) = 0;
  // Drops what an interrupted build left behind. REQUIRES: the caller has the turn, up to publish_space().
  virtual Result<std::int64_t> add_space(const SpaceInfo& space, std::string_view fitted_files, Context& context) = 0;
  virtual Result<std::string> fitted_files(std::int64_t space) = 0;
  virtual Status put_vectors(std::int64_t space, std::span<const std::int64_t> chunks, VectorsView rows,
                             Context& context) = 0;
  // Chunks that have no vector in `space` yet, ascending.
  virtual Result<std::vector<std::int64_t>> missing_vectors(std::int64_t space) = 0;
  // False, and nothing is done: others stored chunks that have no vector in it yet, and `complete` was asked for.
  virtual Result<bool> publish_space(std::int64_t space, Publish when, Context& context) = 0;
  // Vectors that chunks of equal indexed_text() have in a space, so that no text is embedded twice. (texts); an empty
  // one where no chunk has that text.
  virtual Result<std::vector<std::vector<float>>> vectors_of_texts(std::int64_t space,
                                                                   std::span<const std::string> texts) = 0;
  // The vector of a chunk in the serving space, f32.
  virtual Result<std::vector<float>> vector(std::int64_t chunk) = 0;

  // Writes the derived files that lag behind the truth, and drops those that are superseded.
  virtual Status flush(Context& context) = 0;
  // Drops every derived file and makes them anew from the truth.
  virtual Status rebuild(Context& context) = 0;
  // Compares every derived file with the truth; Error only when it could not look.
  virtual Result<std::vector<CheckFinding>> check(Context& context) = 0;
  // A consistent copy of the truth in a new folder.
  virtual Status snapshot(const std::filesystem::path& folder, Context& context) = 0;
  // Gives the write lock back early; the next write takes it again.
  virtual void release_writer() = 0;
};

// Opens the store in `folder`; with OpenMode::write it is made when absent. Errors: not_found, unavailable (another
// process writes), unsupported (newer format), io.
Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& folder, OpenMode mode, StoreOptions options,
                                          Context& context);

}  // namespace isogloss
