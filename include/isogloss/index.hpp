// SPDX-License-Identifier: Apache-2.0
// Indexes over the caller's own vectors or terms: add, remove, search with a filter, save, map. No model, no documents,
// no text analysis.
//
// Thread rule of every index: search() and the other const functions may run in several threads together; add(),
// remove() and save() want the index for themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/result.hpp"
#include "isogloss/vectors.hpp"

namespace isogloss {

// A set of ids, for filters. 16 bytes per 64 consecutive ids of which at least one is inside, so dense ranges are small
// and ids of any size are possible.
class IdSet {
 public:
  struct Word {
    std::int64_t key = 0;    // ids key * 64 .. key * 64 + 63
    std::uint64_t bits = 0;  // never 0
  };

  IdSet() = default;
  explicit IdSet(std::span<const std::int64_t> ids);  // in any order
  void insert(std::int64_t id);                       // fastest in ascending order
  void erase(std::int64_t id);
  bool contains(std::int64_t id) const;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const Word> words() const { return words_; }  // keys ascending

 private:
  std::vector<Word> words_;
  std::size_t size_ = 0;
};

struct IndexHit {
  std::int64_t id = 0;
  float score = 0;  // higher is better
  friend bool operator==(const IndexHit&, const IndexHit&) = default;
};

// What a search cost, summed over its queries.
struct IndexCost {
  std::string plan;         // "flat", "flat, picked rows", "scan", "scan, masked", "bytes, picked rows", "proven", ...
  std::size_t matches = 0;  // entries that pass the filter (of one query)
  std::size_t scored = 0;   // exact distances computed or documents scored
  std::size_t lists = 0;    // a scan index: lists that were read
  std::size_t codes = 0;    // rows whose sign codes were read
  std::size_t bytes = 0;    // rows that were scored by bytes
};

// Which state of its source a saved index shows; kept in the file, checked by whoever maps it.
struct IndexStamp {
  std::string space_id;        // at most 64 bytes
  std::uint64_t last_seq = 0;  // last change that is inside
};

struct IndexQuery {
  std::size_t k = 10;
  const IdSet* filter = nullptr;  // ids that may be returned; null = all. Read only during the call
  // Share of the true k best that a scan index finds on average; 1 = all. Other indexes always find all.
  double recall = 0.99;
  bool exact = false;  // as recall 1: the hits are proven to be the k best
  // Hits that score less are left out. With k = size() this is a range search: all rows within the range, none missed.
  float at_least = -std::numeric_limits<float>::infinity();
};

struct VectorIndexOptions {
  std::size_t dim = 0;
  Metric metric = Metric::cosine;
  DType dtype = DType::f32;  // how rows are kept: f32 or bf16
};

// Nearest rows.
//
// Scores: cosine = q.x / (|q| |x|) (rows are kept normalised), dot = q.x, euclidean = -|q - x|^2. A row of zeros has
// cosine 0 with everything. Results hold min(k, entries that pass the filter) hits, best first, ties by ascending id,
// and have the same bits at any number of threads and in any batch.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;
  virtual const VectorIndexOptions& options() const = 0;
  virtual std::size_t size() const = 0;
  virtual bool contains(std::int64_t id) const = 0;
  virtual const IndexStamp& stamp() const = 0;

  // Adds rows of any element type: whole numbers (i8, u8) count as what they are, bits as 1 and -1, and are kept as
  // `options().dtype`, which holds them exactly. A view may show the first columns of longer rows (Matryoshka): dim is
  // the index's, stride the row's. Error{already_exists} names an id that is there (or twice in `ids`);
  // Error{invalid_argument}: other dim, a value that is not finite. Nothing is added then.
  virtual Status add(std::span<const std::int64_t> ids /* (n) */, VectorsView rows /* (n, dim) */,
                     const Context& context) = 0;
  // Returns how many of the ids were there.
  virtual std::size_t remove(std::span<const std::int64_t> ids) = 0;
  // One list per query. Queries: f32. `cost`, when not null, is filled with the sums over all queries.
  virtual Result<std::vector<std::vector<IndexHit>>> search(VectorsView queries /* (q, dim) */, const IndexQuery& query,
                                                            const Context& context,
                                                            IndexCost* cost = nullptr) const = 0;
  // The row of an id as it is kept (cosine: normalised), in f32. Error{not_found}.
  virtual Result<std::vector<float>> row(std::int64_t id) const = 0;

  // Writes everything that is live into one file, rows ascending by id; replaces the file in one step. The index itself
  // goes on as it is.
  virtual Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const = 0;
  // Writes what came and went since the files this index lies in, as one more file that refers to them; costs what is
  // new. Now and then, when much of the index has changed, that file holds everything, as after save(). The index then
  // lies in files(), which have to stay in one folder, and its memory holds no rows any more. Other files it lay in
  // before may be deleted. REQUIRES: `path` is a new file in the folder of files().
  virtual Status save_changes(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) = 0;
  // The files that are mapped, the oldest first; map the last one to get them all. Empty: all is in memory.
  virtual std::vector<std::filesystem::path> files() const = 0;
  // Reads every byte of the mapped files against their checksums. Error{corrupt_data} names the file.
  virtual Status verify() const = 0;
};

// Error{invalid_argument}: dim 0 or above 65,536, or a dtype other than f32 and bf16.
Result<std::unique_ptr<VectorIndex>> make_flat_index(const VectorIndexOptions& options);
// Opens a saved flat index without reading its rows. Rows added later are kept in memory, removed ones are marked,
// until save(). Error{corrupt_data} names a file that is truncated, damaged or of another kind; Error{unsupported} a
// newer format.
Result<std::unique_ptr<VectorIndex>> map_flat_index(const std::filesystem::path& path);

// Nearest rows by a quantised scan: a bit a dimension, then bytes for the few that are left, then the rows themselves,
// so every score is exact and the hits are the true ones up to IndexQuery::recall. Below about a thousand rows it is a
// flat index. Takes width / 8 + width + 20 bytes a row in memory besides the rows, width = dim rounded up to a multiple
// of 24. Error{invalid_argument} as make_flat_index.
Result<std::unique_ptr<VectorIndex>> make_scan_index(const VectorIndexOptions& options);
// As map_flat_index.
Result<std::unique_ptr<VectorIndex>> map_scan_index(const std::filesystem::path& path);

// Nearest rows of several vectors each, as late-interaction models make them (a vector per token).
//
// Score: sum over the query's vectors of the largest inner product with a vector of the row (MaxSim; Khattab and
// Zaharia, ColBERT, 2020); cosine = of vectors of length 1. A search looks up the rows with the nearest means and those
// of the nearest single vectors of each vector of the query in scan indexes, and scores them exactly; IndexQuery::exact
// scores all. Results hold min(k, rows that pass the filter) hits, best first, ties by
// ascending id, and have the same bits at any number of threads, in any batch and on every instruction set.
class MultiVectorIndex {
 public:
  virtual ~MultiVectorIndex() = default;
  virtual const VectorIndexOptions& options() const = 0;
  virtual std::size_t size() const = 0;     // rows
  virtual std::size_t vectors() const = 0;  // of all rows
  virtual bool contains(std::int64_t id) const = 0;
  virtual const IndexStamp& stamp() const = 0;

  // Vectors::row_offsets says which vectors are a row's. Ids from 0 to 2^47 - 1. Error{already_exists} names an id that
  // is there (or twice in `ids`); Error{invalid_argument}: as VectorIndex, or a row of no or more than 65,536 vectors.
  // Nothing is added then.
  virtual Status add(std::span<const std::int64_t> ids /* (n) */, const Vectors& rows /* (vectors, dim) */,
                     const Context& context) = 0;
  // Returns how many of the ids were there.
  virtual std::size_t remove(std::span<const std::int64_t> ids) = 0;
  // One list per query; row_offsets as in add(). IndexQuery::recall changes nothing below 1, which is as exact.
  // `cost`, when not null, is that of the single vectors, with `scored` = pairs of vectors that were compared exactly.
  virtual Result<std::vector<std::vector<IndexHit>>> search(const Vectors& queries /* (vectors, dim) */,
                                                            const IndexQuery& query, const Context& context,
                                                            IndexCost* cost = nullptr) const = 0;

  // As VectorIndex, but for a second file with the name "<path>-means". `path` is a scan index of the single vectors
  // with ids id * 65,536 + number in the row.
  virtual Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const = 0;
  virtual Status save_changes(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) = 0;
  virtual std::vector<std::filesystem::path> files() const = 0;
  virtual Status verify() const = 0;
};

// Error{invalid_argument}: as make_scan_index, or Metric::euclidean.
Result<std::unique_ptr<MultiVectorIndex>> make_multi_vector_index(const VectorIndexOptions& options);
// As map_scan_index; reads all ids.
Result<std::unique_ptr<MultiVectorIndex>> map_multi_vector_index(const std::filesystem::path& path);

struct SparseIndexOptions {
  std::size_t dim = 0;          // columns, at most 2^32 - 1
  Metric metric = Metric::dot;  // or cosine
};

// Nearest rows among sparse ones with weights of 0 and more: TF-IDF, SPLADE.
//
// Scores: dot = sum over shared columns of q x, in double, columns ascending; cosine = the same of rows and queries of
// length 1. Results hold min(k, rows that pass the filter and share a column with the query) hits, best first, ties by
// ascending id; always the true best, with the same bits at any number of threads, in any batch and on every
// instruction set.
class SparseIndex {
 public:
  virtual ~SparseIndex() = default;
  virtual const SparseIndexOptions& options() const = 0;
  virtual std::size_t size() const = 0;
  virtual bool contains(std::int64_t id) const = 0;
  virtual const IndexStamp& stamp() const = 0;

  // Adds rows of sparse Vectors. Error{already_exists} names an id that is there (or twice in `ids`);
  // Error{invalid_argument}: dense rows, other dim, a value that is negative or not finite. Nothing is added then.
  virtual Status add(std::span<const std::int64_t> ids /* (n) */, const Vectors& rows /* (n, dim) */,
                     const Context& context) = 0;
  // Returns how many of the ids were there.
  virtual std::size_t remove(std::span<const std::int64_t> ids) = 0;
  // One list per query; Error{invalid_argument} as add(). `cost`, when not null, is filled with the sums over all
  // queries. IndexQuery::recall and exact change nothing.
  virtual Result<std::vector<std::vector<IndexHit>>> search(const Vectors& queries /* (q, dim) */,
                                                            const IndexQuery& query, const Context& context,
                                                            IndexCost* cost = nullptr) const = 0;

  // As VectorIndex.
  virtual Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const = 0;
  virtual Status verify() const = 0;
};

// Error{invalid_argument}: dim 0 or above 2^32 - 1, or a metric other than dot and cosine.
Result<std::unique_ptr<SparseIndex>> make_sparse_index(const SparseIndexOptions& options);
// As map_flat_index; the records of all lists are read and checked.
Result<std::unique_ptr<SparseIndex>> map_sparse_index(const std::filesystem::path& path);

// A term of a document or query.
struct TermCount {
  std::string_view term;
  std::uint32_t count = 0;  // occurrences, 1 to 2^31 - 1
};
struct TermWeight {
  std::string_view term;
  float weight = 1;  // factor of the term's score, >= 0
};

// One document to index. `length` = number of all term occurrences, which BM25 compares with the average; it need not
// be the sum of the counts.
struct TermDocument {
  std::int64_t id = 0;
  std::span<const TermCount> terms;  // every term once
  std::uint32_t length = 0;
};

enum class LengthNorm : std::uint8_t {
  exact,   // the length itself
  lucene,  // the length as Lucene keeps it in one byte (SmallFloat.intToByte4), for equal scores
};

struct TermIndexOptions {
  double k1 = 0.9;
  double b = 0.4;
  LengthNorm norm = LengthNorm::exact;
};

// Ranked retrieval by BM25 as Lucene computes it (BM25Similarity, 8.0 and later):
//   score(d) = sum over query terms of weight * idf * tf / (tf + k1 (1 - b + b length / average length))
//   idf = ln(1 + (N - df + 0.5) / (df + 0.5))
// N, df and the average length are those of the live documents at the time of the search, so results equal those of an
// index built afresh. Results hold min(k, documents that pass the filter and hold a query term) hits, best first, ties
// by ascending id; scores are within 1e-6 of the largest possible sum of the exact value, the same bits on every path.
class TermIndex {
 public:
  virtual ~TermIndex() = default;
  virtual const TermIndexOptions& options() const = 0;
  virtual std::size_t size() const = 0;
  virtual bool contains(std::int64_t id) const = 0;
  virtual const IndexStamp& stamp() const = 0;
  // Live documents that hold the term.
  virtual std::size_t document_frequency(std::string_view term) const = 0;

  // Adds documents. Error{already_exists} names an id that is there; Error{invalid_argument}: a count out of
  // range or a term that stands twice. Nothing is added then.
  virtual Status add(std::span<const TermDocument> documents, const Context& context) = 0;
  // Returns how many of the ids were there.
  virtual std::size_t remove(std::span<const std::int64_t> ids) = 0;
  // A term that stands twice counts with the sum of its weights. Error{invalid_argument}: a weight that is negative or
  // not finite.
  virtual Result<std::vector<IndexHit>> search(std::span<const TermWeight> terms, const IndexQuery& query,
                                               IndexCost* cost = nullptr) const = 0;

  virtual Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const = 0;
  virtual Status verify() const = 0;
};

// Error{invalid_argument}: k1 below 0 or b outside [0, 1].
Result<std::unique_ptr<TermIndex>> make_term_index(const TermIndexOptions& options);
// As map_flat_index. k1, b and the norm are those the file was saved with unless given anew.
Result<std::unique_ptr<TermIndex>> map_term_index(const std::filesystem::path& path);
Result<std::unique_ptr<TermIndex>> map_term_index(const std::filesystem::path& path, const TermIndexOptions& options);

// Builds a term index from many documents at once, straight into a file: 2.5 times as fast as add() and save().
// Not thread-safe.
class TermIndexBuilder {
 public:
  // Error{invalid_argument} as make_term_index.
  static Result<TermIndexBuilder> create(const TermIndexOptions& options);
  TermIndexBuilder(TermIndexBuilder&&) noexcept;
  TermIndexBuilder& operator=(TermIndexBuilder&&) noexcept;
  ~TermIndexBuilder();

  // Ids in any order. The strings are read during the call only. Error{invalid_argument}: a count out of range or a
  // term that stands twice.
  Status add(const TermDocument& document);
  std::size_t size() const;
  // Writes the file. Error{already_exists} names an id that was added twice. The builder is empty afterwards.
  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context);

 private:
  struct State;
  explicit TermIndexBuilder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace isogloss
