// SPDX-License-Identifier: Apache-2.0
// Reading and searching. The planner: the filter first, as a set of chunk numbers; then each index under that set,
// which visits only the allowed rows when they are few; then fusion. So a search returns min(k, matches) rows for every
// filter.
#include <zstd.h>
#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/guard.hpp"
#include "store/filter_rows.hpp"
#include "store/fusion.hpp"
#include "store/sqlite_store.hpp"
#include "store/truth/records.hpp"

namespace isogloss::store {
namespace {

constexpr std::size_t kLeastCandidates = 100;
constexpr std::size_t kCandidatesPerHit = 10;
constexpr std::size_t kMaxFittedBytes = std::size_t{1} << 32;

std::vector<StoreHit> single_list(std::span<const IndexHit> list, ScoreKind kind) {
  std::vector<StoreHit> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    StoreHit hit;
    hit.number = list[i].id;
    hit.score = list[i].score;
    hit.kind = kind;
    (kind == ScoreKind::bm25 ? hit.lexical_rank : hit.dense_rank) = static_cast<std::uint32_t>(i + 1);
    (kind == ScoreKind::bm25 ? hit.lexical_score : hit.dense_score) = list[i].score;
    out.push_back(hit);
  }
  return out;
}

ScoreKind kind_of(Metric metric) {
  return metric == Metric::cosine ? ScoreKind::cosine : metric == Metric::dot ? ScoreKind::dot : ScoreKind::euclidean;
}

}  // namespace

Result<std::shared_lock<std::shared_mutex>> SqliteStore::current_view(const Context& context) {
  if (!lexical_.analyse) return fail(Code::internal, "use_lexical() must be called before a search.");
  const std::lock_guard reading(reader_mutex_);
  {
    std::shared_lock shared(view_mutex_);
    if (IG_TRY(view_->is_current(*reader_))) return shared;
  }
  {
    const std::unique_lock lock(view_mutex_);
    IG_TRY(view_->catch_up(*reader_, context));
  }
  return std::shared_lock(view_mutex_);
}

std::unique_lock<std::shared_mutex> SqliteStore::exclusive_view() {
  const std::lock_guard reading(reader_mutex_);
  return std::unique_lock(view_mutex_);
}

Result<StoreHits> SqliteStore::search(const StoreQuery& query, Context& context) {
  return guard([&] { return ranked(query, context); });
}

Result<StoreHits> SqliteStore::ranked(const StoreQuery& query, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  StoreHits out;
  std::optional<IdSet> allowed;
  // Whoever waits for the view holds the reader, so the reader must not be waited for while the view is held.
  std::unique_lock reading(reader_mutex_);
  const auto view = IG_TRY(current_view(context));
  out.plan.rows = out.plan.matches = view_->terms()->size();
  if (!query.filter.empty()) {
    const Filter filter = IG_TRY(parse_filter(query.filter));
    allowed.emplace(IG_TRY(visible_.matching(*reader_, filter)));
    out.plan.matches = allowed->size();
  }
  reading.unlock();
  const bool lexical = query.mode != SearchMode::dense, dense = query.mode != SearchMode::lexical;
  if (dense && view_->vectors() == nullptr) return fail(Code::unsupported, "the collection has no vectors.");
  if (dense && query.vector.size() != view_->space()->dimension) {
    return fail(Code::mismatch, "the query vector has " + std::to_string(query.vector.size()) +
                                    " dimensions, the collection " + std::to_string(view_->space()->dimension) + ".");
  }
  IndexQuery limits;
  limits.filter = allowed ? &*allowed : nullptr;
  limits.k = query.k;
  limits.recall = query.recall;
  limits.exact = query.exact;
  if (query.mode == SearchMode::hybrid) {
    limits.k = query.candidates != 0 ? query.candidates : std::max(kLeastCandidates, kCandidatesPerHit * query.k);
    limits.k = std::max(limits.k, query.k);
  }
  std::vector<IndexHit> by_words, by_vectors;
  IndexCost cost;
  if (lexical) {
    std::vector<TermWeight> terms;
    for (const auto& [term, weight] : query.terms) terms.push_back({term, weight});
    by_words = IG_TRY(view_->terms()->search(terms, limits, &cost));
    out.plan.scored_lexical = cost.scored;
    out.plan.plan = cost.plan;
  }
  if (dense) {
    const VectorsView vector{static_cast<const std::byte*>(static_cast<const void*>(query.vector.data())), 1,
                             query.vector.size(), query.vector.size() * sizeof(float), DType::f32};
    by_vectors = std::move(IG_TRY(view_->vectors()->search(vector, limits, context, &cost))[0]);
    out.plan.scored_dense = cost.scored;
    out.plan.lists = cost.lists;
    out.plan.codes = cost.codes;
    out.plan.bytes = cost.bytes;
    out.plan.plan += (out.plan.plan.empty() ? "" : " + ") + cost.plan;
  }
  if (query.mode == SearchMode::hybrid) {
    out.hits = fuse(by_words, by_vectors, query);
    out.plan.plan += query.fusion == Fusion::rrf ? ", rrf" : ", weighted";
  } else {
    out.hits =
        lexical ? single_list(by_words, ScoreKind::bm25) : single_list(by_vectors, kind_of(view_->space()->metric));
  }
  out.plan.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return out;
}

Result<std::vector<std::size_t>> SqliteStore::document_frequencies(std::span<const std::string> terms,
                                                                   Context& context) {
  return guard([&]() -> Result<std::vector<std::size_t>> {
    const auto view = IG_TRY(current_view(context));
    std::vector<std::size_t> out;
    for (const std::string& term : terms) out.push_back(view_->terms()->document_frequency(term));
    return out;
  });
}

Result<std::vector<StoredChunk>> SqliteStore::chunks(std::span<const std::int64_t> numbers, ChunkParts parts) {
  return guard([&]() -> Result<std::vector<StoredChunk>> {
    const std::lock_guard reading(reader_mutex_);
    std::vector<StoredChunk> out;
    out.reserve(numbers.size());
    for (const std::int64_t number : numbers) {
      if (auto chunk = IG_TRY(read_chunk(*reader_, number, parts))) out.push_back(std::move(*chunk));
    }
    return out;
  });
}

Result<std::int64_t> SqliteStore::chunk_number(std::string_view id) {
  return guard([&]() -> Result<std::int64_t> {
    const std::lock_guard reading(reader_mutex_);
    const std::size_t mark = id.rfind('#');
    if (mark != std::string_view::npos) {
      Statement* find = IG_TRY(
          reader_->cached("SELECT c.id FROM chunk c JOIN document d ON d.id=c.document WHERE d.name=? AND c.key=?"));
      find->bind(0, id.substr(0, mark)).bind(1, id.substr(mark + 1));
      const bool found = IG_TRY(find->step());
      const std::int64_t number = found ? find->integer(0) : 0;
      find->reset();
      if (found) return number;
    }
    return fail(Code::not_found,
                "there is no chunk '" + std::string(id) + "' in the collection; ids look like guide.md#3.");
  });
}

Result<std::vector<DocumentState>> SqliteStore::documents() {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return list_documents(*reader_); });
}

Result<std::optional<DocumentState>> SqliteStore::document(std::string_view name) {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return find_document(*reader_, name); });
}

Result<std::string> SqliteStore::document_text(std::string_view name, Span range) {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return read_document_text_of(*reader_, name, range); });
}

Result<Metadata> SqliteStore::document_metadata(std::string_view name) {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return read_document_metadata(*reader_, name); });
}

Status SqliteStore::for_each_chunk(const std::function<Result<bool>(const StoredChunk&)>& visit) {
  return guard([&]() -> Status {
    const std::lock_guard reading(reader_mutex_);
    return visit_chunks(*reader_, {0, INT64_MAX}, [&](StoredChunk& chunk) { return visit(chunk); });
  });
}

Result<std::size_t> SqliteStore::chunk_count() {
  return guard([&]() -> Result<std::size_t> {
    const std::lock_guard reading(reader_mutex_);
    return static_cast<std::size_t>(
        IG_TRY(reader_->integer("SELECT coalesce(sum(last_chunk-first_chunk+1),0) FROM document")));
  });
}

Result<std::int64_t> SqliteStore::last_change() {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return last_seq(*reader_); });
}

Result<std::map<std::string, std::string>> SqliteStore::settings() {
  return guard([&]() -> Result<std::map<std::string, std::string>> {
    const std::lock_guard reading(reader_mutex_);
    Statement* statement = IG_TRY(reader_->cached("SELECT name, value FROM setting"));
    std::map<std::string, std::string> out;
    while (IG_TRY(statement->step())) out.emplace(statement->text(0), statement->text(1));
    return out;
  });
}

Result<std::vector<SpaceInfo>> SqliteStore::spaces() {
  const std::lock_guard reading(reader_mutex_);
  return guard([&] { return list_spaces(*reader_); });
}

Result<std::string> SqliteStore::fitted_files(std::int64_t space) {
  return guard([&]() -> Result<std::string> {
    const std::lock_guard reading(reader_mutex_);
    Statement* statement = IG_TRY(reader_->cached("SELECT files FROM fitted WHERE space=?"));
    statement->bind(0, space);
    std::string out;
    if (IG_TRY(statement->step())) {
      const auto packed = statement->blob(0);
      const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
      if (size > kMaxFittedBytes) return fail(Code::corrupt_data, "the fitted model of the collection is damaged.");
      out.resize(static_cast<std::size_t>(size));
      if (ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()) != out.size()) {
        return fail(Code::corrupt_data, "the fitted model of the collection is damaged.");
      }
    }
    statement->reset();
    return out;
  });
}

Result<std::vector<std::int64_t>> SqliteStore::missing_vectors(std::int64_t space) {
  return guard([&]() -> Result<std::vector<std::int64_t>> {
    const std::lock_guard reading(reader_mutex_);
    if (lexical_.analyse) {  // the indexes know, without reading all vectors
      const auto view = IG_TRY(current_view({}));
      if (view_->vectors() != nullptr && view_->space()->number == space &&
          view_->vectors()->size() == view_->terms()->size()) {
        return std::vector<std::int64_t>();
      }
    }
    Statement* statement =
        IG_TRY(reader_->cached("SELECT c.id FROM chunk c JOIN document d ON d.id=c.document WHERE NOT EXISTS "
                               "(SELECT 1 FROM vector v WHERE v.space=? AND v.chunk=c.id) ORDER BY c.id"));
    statement->bind(0, space);
    std::vector<std::int64_t> out;
    while (IG_TRY(statement->step())) out.push_back(statement->integer(0));
    return out;
  });
}

Result<std::vector<std::vector<float>>> SqliteStore::vectors_of_texts(std::int64_t space,
                                                                      std::span<const std::string> texts) {
  return guard([&]() -> Result<std::vector<std::vector<float>>> {
    std::vector<TextHash> hashes;
    for (const std::string& text : texts) hashes.push_back(text_hash(text));
    const std::lock_guard reading(reader_mutex_);
    std::vector<std::vector<float>> out;
    for (const TextHash& hash : hashes) out.push_back(IG_TRY(find_vector_of_text(*reader_, space, hash)));
    return out;
  });
}

Result<std::vector<float>> SqliteStore::vector(std::int64_t chunk) {
  return guard([&]() -> Result<std::vector<float>> {
    const std::lock_guard reading(reader_mutex_);
    Statement* statement = IG_TRY(reader_->cached(
        "SELECT v.data FROM vector v JOIN space s ON s.id=v.space WHERE s.role=0 AND v.chunk=? AND v.part=0"));
    statement->bind(0, chunk);
    std::vector<float> out;
    if (IG_TRY(statement->step())) out = floats_of(statement->blob(0));
    statement->reset();
    if (out.empty()) return fail(Code::not_found, "chunk " + std::to_string(chunk) + " has no vector.");
    return out;
  });
}

}  // namespace isogloss::store
