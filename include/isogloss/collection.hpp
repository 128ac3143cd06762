// SPDX-License-Identifier: Apache-2.0
// A Collection is a Store with the model, analyzer and chunker it was made with: it takes files and text, and answers
// queries with hits that say where they stand.
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
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/documents.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"
#include "isogloss/store.hpp"

namespace isogloss {

// What a collection is made with. Asking for something else later is Error{mismatch}, except where said.
struct CollectionOptions {
  std::string model;            // reference; empty = the collection's own, or the default of a new one
  std::string analyzer;         // preset; empty = the collection's own, "english" for a new one
  std::optional<double> k1, b;  // BM25; may be changed at any time
  std::optional<ChunkOptions> chunk;
};

// What an index run covers.
struct IngestOptions {
  std::vector<std::string> globs;  // **, *, ?, [..], {a,b}; empty = every file that a reader knows or that is text
  bool use_ignore_files = true;    // .gitignore and .isoglossignore
  bool hidden = false;             // also names that begin with a dot
  bool rehash = false;             // read every file, instead of trusting size, time and inode
  ReadOptions read;
};

enum class FileStatus : std::uint8_t { added, updated, unchanged, removed, skipped, failed };
std::string_view file_status_name(FileStatus status);

struct FileReport {
  std::string name;  // id of the document
  FileStatus status = FileStatus::added;
  std::size_t chunks = 0;
  std::string reason;  // why skipped or failed; notes of the reader
  // Of a file that was read: what it was, and how much of it.
  std::string type;
  std::size_t characters = 0, pages = 0, units = 0;
  double seconds = 0;  // to read, cut and embed it
};
using FileSink = std::function<void(const FileReport&)>;  // called after the file is committed

struct IngestSummary {
  std::size_t added = 0, updated = 0, unchanged = 0, removed = 0, skipped = 0, failed = 0;
  std::size_t chunks = 0;        // new ones
  std::uint64_t bytes = 0;       // read
  std::size_t units = 0;         // of the new chunks
  std::size_t kept_vectors = 0;  // of the new chunks, whose text the collection had a vector for
  std::size_t units_min = 0, units_median = 0, units_max = 0;  // of the new chunks
  std::string unit;                                            // "words"
  double seconds = 0;
  bool interrupted = false;  // cancelled; what is reported is committed, run again to go on
  std::string space_note;    // what was done to the vector space
};

// How a collection is kept equal to its folders.
struct WatchOptions {
  bool once = false;                         // one run, for cron
  std::chrono::milliseconds settle{300};     // quiet to wait for after a change
  std::chrono::milliseconds patience{3000};  // longest to wait when changes do not stop
  std::chrono::seconds rescan{
      0};  // look at every file this often as well, for file systems that do not tell; 0 = never
};

// What a watch tells beside its files: a note, or the summary of a run that changed something.
struct WatchReport {
  std::string note;  // "'/mnt/docs' is gone; the collection keeps what it has"
  std::optional<IngestSummary> summary;
};
using WatchSink = std::function<void(const WatchReport&)>;

struct SearchOptions {
  std::size_t n = 10;
  std::optional<SearchMode> mode;  // default: hybrid when the collection has vectors, else lexical
  std::string where;               // filter
  double mmr = 0;                  // 0 = off, else weight of relevance against novelty, 0 < mmr <= 1
  bool group_by_document = false;  // at most one hit a document
  std::optional<std::pair<ScoreKind, double>> min_score;
  Fusion fusion = Fusion::rrf;
  std::optional<double> dense_weight;  // default: a rule by the kind of the collection's model (docs/guide/search.md)
  std::string like;                    // id of a chunk to search by, instead of a query
  ModelPtr reranker;                   // with ability PairScorer; null = none
  double recall = 0.99;                // share of the nearest vectors that are found on average; 1 = all of them
  bool exact = false;                  // as recall 1
  ChunkParts parts = ChunkParts::all;  // names: hits without text, for rankings alone
  // (dimension) the query's vector in the collection's space; empty = made of its text, which is then all there is to
  // give. Without a text the search is dense.
  std::vector<float> vector;
};

struct Hit {
  StoredChunk chunk;  // where Chunk::wider is shown, `text` and `at` are those of the wider passage
  Span found;         // what was found; chunk.at, or a part of it
  double score = 0;
  ScoreKind kind = ScoreKind::bm25;
  double lexical_score = 0, dense_score = 0;
  std::uint32_t lexical_rank = 0, dense_rank = 0;
};

struct SearchResult {
  std::vector<Hit> hits;
  SearchPlan plan;
  SearchMode mode = SearchMode::lexical;
};

// Thread rule: one thread at a time, except search(), which may run together with itself.
class Collection {
 public:
  // Opens the collection in `folder`. OpenMode::write makes it when absent. Errors: not_found (with what to run),
  // mismatch (another model or analyzer), unavailable, unsupported, io.
  static Result<std::unique_ptr<Collection>> open(const std::filesystem::path& folder, OpenMode mode,
                                                  const CollectionOptions& options, Context& context);
  virtual ~Collection() = default;

  // Brings the collection in line with files and folders. One bad file never stops the rest. Cancelling commits what is
  // done and returns a summary with `interrupted`.
  virtual Result<IngestSummary> index(std::span<const std::filesystem::path> roots, const IngestOptions& options,
                                      const FileSink& sink, Context& context) = 0;
  // index() once, then again of what changes, until it is cancelled. A root that vanishes, or is empty when it is first
  // seen, takes nothing out of the collection. Errors: as index(); unsupported (no inotify).
  virtual Status watch(std::span<const std::filesystem::path> roots, const IngestOptions& options,
                       const WatchOptions& watch, const FileSink& sink, const WatchSink& told, Context& context) = 0;
  // index() of a document that was read elsewhere (rows of a database); `source` is its path in citations.
  virtual Result<IngestSummary> index_document(std::string_view name, std::string_view source, Document document,
                                               const FileSink& sink, Context& context) = 0;
  // Adds or replaces one document from memory; `name` is its id and decides its format.
  virtual Status add(std::string_view name, std::string content, const Metadata& meta, Context& context) = 0;
  // Adds or replaces a document that was read and cut elsewhere (an export): `terms`, `vectors` and `space_id` of the
  // put are made here.
  virtual Status restore(DocumentPut put, Context& context) = 0;
  virtual Status remove(std::span<const std::string> names, Context& context) = 0;

  virtual Result<SearchResult> search(std::string_view query, const SearchOptions& options, Context& context) = 0;

  // Fits or changes the model: new vectors are made beside the old ones, the swap is one row. Empty = the same model,
  // fitted again.
  virtual Status reindex(std::string_view model, Context& context) = 0;

  virtual Status flush(Context& context) = 0;
  virtual Store& store() = 0;
  virtual std::map<std::string, std::string> facts() = 0;  // what `collections show` prints, by name
  virtual const std::filesystem::path& folder() const = 0;
  // Terms of a text as the collection's analyzer sees them.
  virtual void analyse(std::string_view text, TermCounts& out) const = 0;
  // How long a text is in tokens of the collection's model, without special ones; in words when that reads none.
  virtual Result<std::size_t> count_tokens(std::string_view text, Context& context) = 0;
};

// Where a collection lives: a name without '/' lies in $ISOGLOSS_HOME/collections or the XDG data folder, anything else
// is a path. Error{unsupported} for a scheme (postgres://) this build does not know.
Result<std::filesystem::path> collection_folder(std::string_view name_or_path);
std::filesystem::path data_home();  // $ISOGLOSS_HOME, else $XDG_DATA_HOME/isogloss, else ~/.local/share/isogloss
Result<std::vector<std::string>> list_collections();

}  // namespace isogloss
