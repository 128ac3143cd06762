// SPDX-License-Identifier: Apache-2.0
// Loading, catching up and saving of the derived files.
//
// A file is valid when it opens (footer, sizes), belongs to the serving space (or to the k1, b and format of the term
// index) and does not claim a sequence number above the truth's. What happened after it is replayed from the change
// log: removed chunks by their range, added ones by reading their text (analysed again) and vectors. Removal before
// addition makes the replay right even when a document came and went in between: its chunks are no longer there to be
// read.
//
// A save rewrites the whole term file; that is 0.1 s per 100,000 chunks of text, so small changes wait in memory until
// they are 2 % of the collection (or 256 chunks), and every process replays them at its start. Vectors are saved as one
// more file that adds to the ones before (VectorIndex::save_changes); those stay as long as they are needed.
#include "store/view.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"

namespace isogloss::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLeastLag = 256;
constexpr std::size_t kLagShare = 50;  // one part in fifty
constexpr std::size_t kGroup = 4096;   // chunks per call of an index

// "<prefix><seq><suffix>" -> seq.
std::optional<std::int64_t> seq_in(const std::string& name, const std::string& prefix, const std::string& suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return {};
  const char* begin = name.data() + prefix.size();
  const char* end = name.data() + name.size() - suffix.size();
  std::int64_t seq = 0;
  const auto r = std::from_chars(begin, end, seq);
  if (r.ec != std::errc() || r.ptr != end) return {};
  return seq;
}

std::vector<View::DerivedFile> files_named(const fs::path& folder, const std::string& prefix,
                                           const std::string& suffix) {
  std::vector<View::DerivedFile> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (const auto seq = seq_in(it->path().filename().string(), prefix, suffix)) out.push_back({it->path(), *seq});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.seq > b.seq; });
  return out;
}

std::string vector_prefix(std::int64_t space) { return "vec-" + std::to_string(space) + "-"; }

std::vector<std::int64_t> numbers_in(ChunkRange range) {
  std::vector<std::int64_t> out;
  for (std::int64_t n = range.first; n <= range.last; ++n) out.push_back(n);
  return out;
}

// Terms of a group of chunks, kept alive for one call of TermIndex::add.
struct TermGroup {
  std::vector<std::int64_t> ids;
  std::vector<TermCounts> counts;

  Status flush(TermIndex& index, const Context& context) {
    std::vector<std::vector<TermCount>> terms(ids.size());
    std::vector<TermDocument> documents;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      for (const auto& [term, count] : counts[i].terms) terms[i].push_back({term, count});
      documents.push_back({ids[i], terms[i], counts[i].length});
    }
    IG_TRY(index.add(documents, context));
    ids.clear();
    counts.clear();
    return {};
  }
};

constexpr ChunkRange kAllChunks{0, INT64_MAX};

}  // namespace

std::vector<View::DerivedFile> View::term_files() const { return files_named(folder_, "bm25-", ".idx"); }
std::vector<View::DerivedFile> View::vector_files(std::int64_t space) const {
  return files_named(folder_, vector_prefix(space), ".seg");
}
std::string View::term_stamp() const { return "terms-1"; }
TermIndexOptions View::term_options() const {
  return {lexical_.k1, lexical_.b, lexical_.lucene_lengths ? LengthNorm::lucene : LengthNorm::exact};
}

Result<bool> View::is_current(Database& database) const {
  return !bulk_ && seq_ >= 0 && IG_TRY(last_seq(database)) == seq_;
}

Status View::catch_up(Database& database, const Context& context) {
  if (bulk_) IG_TRY(finish_bulk(context));
  const std::int64_t seq = IG_TRY(last_seq(database));
  if (seq == seq_) return {};
  if (seq_ < 0) {
    IG_TRY(load_terms(database, seq, context));
    IG_TRY(load_vectors(database, seq, context));
  } else {
    IG_TRY(apply(database, IG_TRY(changes_after(database, seq_)), context));
  }
  seq_ = seq;
  return {};
}

Status View::load_terms(Database& database, std::int64_t seq, const Context& context) {
  const TermIndexOptions options = term_options();
  std::int64_t from = 0;
  for (const DerivedFile& file : term_files()) {
    auto mapped = file.seq <= seq ? map_term_index(file.path, options) : fail(Code::corrupt_data, "");
    if (!mapped || (*mapped)->stamp().space_id != term_stamp() ||
        (*mapped)->stamp().last_seq != static_cast<std::uint64_t>(file.seq)) {
      continue;
    }
    terms_ = std::move(*mapped);
    from = saved_terms_ = file.seq;
    break;
  }
  if (!terms_) {
    terms_ = IG_TRY(make_term_index(options));
    return add_chunk_terms(database, kAllChunks, context);
  }
  changed_ = 0;
  for (const Change& change : IG_TRY(changes_after(database, from))) {
    changed_ +=
        static_cast<std::size_t>(change.last_chunk - change.first_chunk + 1);  // what a replay costs each process
    if (change.op == ChangeOp::remove_document) terms_->remove(numbers_in({change.first_chunk, change.last_chunk}));
    if (change.op == ChangeOp::add_document) {
      IG_TRY(add_chunk_terms(database, {change.first_chunk, change.last_chunk}, context));
    }
  }
  return {};
}

Status View::load_vectors(Database& database, std::int64_t seq, const Context& context) {
  vectors_.reset();
  space_.reset();
  saved_vectors_ = -1;
  for (const SpaceInfo& space : IG_TRY(list_spaces(database))) {
    if (space.role == SpaceRole::search) space_ = space;
  }
  if (!space_) return {};
  std::int64_t from = 0;
  for (const DerivedFile& file : vector_files(space_->number)) {
    auto mapped = file.seq <= seq ? map_scan_index(file.path) : fail(Code::corrupt_data, "");
    if (!mapped || (*mapped)->stamp().space_id != space_->space_id ||
        (*mapped)->stamp().last_seq != static_cast<std::uint64_t>(file.seq) ||
        (*mapped)->options().dim != space_->dimension) {
      continue;
    }
    vectors_ = std::move(*mapped);
    from = saved_vectors_ = file.seq;
    break;
  }
  const std::vector<Change> changes = vectors_ ? IG_TRY(changes_after(database, from)) : std::vector<Change>();
  const bool filled_later =
      std::any_of(changes.begin(), changes.end(), [](const Change& c) { return c.op == ChangeOp::spaces; });
  if (!vectors_ || filled_later) {
    saved_vectors_ = -1;  // whatever file there is, it cannot be used
    vectors_ = IG_TRY(make_scan_index({space_->dimension, space_->metric, DType::f32}));
    return add_chunk_vectors(database, kAllChunks, context);
  }
  for (const Change& change : changes) {
    if (change.op == ChangeOp::remove_document) vectors_->remove(numbers_in({change.first_chunk, change.last_chunk}));
    if (change.op == ChangeOp::add_document) {
      IG_TRY(add_chunk_vectors(database, {change.first_chunk, change.last_chunk}, context));
    }
  }
  return {};
}

Status View::apply(Database& database, const std::vector<Change>& changes, const Context& context) {
  bool reload = false;
  for (const Change& change : changes) {
    const ChunkRange range{change.first_chunk, change.last_chunk};
    changed_ += static_cast<std::size_t>(range.last - range.first + 1);
    if (change.op == ChangeOp::spaces) reload = true;
    if (change.op == ChangeOp::remove_document) {
      terms_->remove(numbers_in(range));
      if (vectors_) vectors_->remove(numbers_in(range));
    }
    if (change.op == ChangeOp::add_document) {
      IG_TRY(add_chunk_terms(database, range, context));
      if (vectors_) IG_TRY(add_chunk_vectors(database, range, context));
    }
  }
  return reload ? load_vectors(database, IG_TRY(last_seq(database)), context) : Status();
}

Status View::add_chunk_terms(Database& database, ChunkRange range, const Context& context) {
  TermGroup group;
  IG_TRY(visit_chunks(database, range, [&](StoredChunk& chunk) -> Result<bool> {
    if (terms_->contains(chunk.number)) return true;
    group.ids.push_back(chunk.number);
    lexical_.analyse(indexed_text(chunk.heading, chunk.text), group.counts.emplace_back());
    if (group.ids.size() >= kGroup) IG_TRY(group.flush(*terms_, context));
    IG_TRY(context.check());
    return true;
  }));
  return group.flush(*terms_, context);
}

Status View::add_chunk_vectors(Database& database, ChunkRange range, const Context& context) {
  std::vector<std::int64_t> ids;
  Vectors rows = Vectors::dense(0, space_->dimension);
  std::vector<std::byte> bytes;
  const auto flush = [&]() -> Status {
    const VectorsView view{bytes.data(), ids.size(), space_->dimension, space_->dimension * sizeof(float), DType::f32};
    if (!ids.empty()) IG_TRY(vectors_->add(ids, view, context));
    ids.clear();
    bytes.clear();
    return {};
  };
  IG_TRY(visit_vectors(
      database, space_->number, range, [&](std::int64_t chunk, std::span<const std::byte> data) -> Status {
        if (data.size() != space_->dimension * sizeof(float)) {
          return fail(Code::corrupt_data, "the vector of chunk " + std::to_string(chunk) + " has " +
                                              std::to_string(data.size()) + " bytes, its space needs " +
                                              std::to_string(space_->dimension * sizeof(float)) + ".");
        }
        if (vectors_->contains(chunk)) return {};
        ids.push_back(chunk);
        bytes.insert(bytes.end(), data.begin(), data.end());
        return ids.size() >= kGroup ? flush() : Status();
      }));
  return flush();
}

Status View::begin_bulk(std::int64_t seq) {
  bulk_.emplace(Bulk{IG_TRY(TermIndexBuilder::create(term_options())), seq, 0, 0, {}, nullptr, {}});
  return {};
}

void View::plan_bulk(std::int64_t first_chunk, const DocumentPut& put, const SpaceInfo* space, std::int64_t seq) {
  bulk_->seq = seq;
  ++bulk_->documents;
  if (put.chunks.empty()) return;
  bulk_->planned.push_back({first_chunk, &put, space != nullptr ? std::optional(*space) : std::nullopt});
}

void View::add_planned(const Context& context) {
  if (!bulk_) return;
  const Result<bool> whole = guard([&]() -> Result<bool> {
    for (const Planned& planned : bulk_->planned) {
      if (!IG_TRY(add_bulk(planned, context))) return false;
    }
    bulk_->planned.clear();
    return true;
  });
  if (!whole || !*whole) abandon_bulk();
}

Result<bool> View::add_bulk(const Planned& planned, const Context& context) {
  Bulk& bulk = *bulk_;
  const DocumentPut& put = *planned.put;
  if (bulk.chunks == 0 && planned.space) {
    bulk.space = planned.space;
    bulk.vectors = IG_TRY(make_scan_index({bulk.space->dimension, bulk.space->metric, DType::f32}));
  }
  if (planned.space.has_value() != bulk.space.has_value()) return false;
  if (bulk.space && bulk.space->number != planned.space->number) return false;
  bulk.chunks += put.chunks.size();
  std::vector<TermCount> terms;
  for (std::size_t i = 0; i < put.terms.size(); ++i) {
    terms.clear();
    for (const auto& [term, count] : put.terms[i].terms) terms.push_back({term, count});
    IG_TRY(bulk.terms.add({planned.first_chunk + static_cast<std::int64_t>(i), terms, put.terms[i].length}));
  }
  if (!bulk.space) return true;
  const auto count = static_cast<std::int64_t>(put.chunks.size());
  const std::vector<std::int64_t> numbers = numbers_in({planned.first_chunk, planned.first_chunk + count - 1});
  IG_TRY(bulk.vectors->add(numbers, put.vectors.view(), context));
  return true;
}

Status View::finish_bulk(const Context& context) {
  // Not the newest number of the truth: another process may have written since, and its documents are not in here.
  Bulk bulk = std::move(*bulk_);
  bulk_.reset();
  if (bulk.documents == 0) return {};
  const auto last_seq = static_cast<std::uint64_t>(bulk.seq);
  const std::string end = std::to_string(bulk.seq);
  // Without the files terms and vectors are read back from the truth, and the next save says what is wrong with the
  // disk.
  Status terms, vectors;
  const auto save_terms = [&] {
    terms =
        guard([&] { return bulk.terms.save(folder_ / ("bm25-" + end + ".idx"), {term_stamp(), last_seq}, context); });
  };
  const auto save_vectors = [&] {
    if (!bulk.space) return;
    const fs::path path = folder_ / (vector_prefix(bulk.space->number) + end + ".seg");
    vectors = guard([&] { return bulk.vectors->save(path, {bulk.space->space_id, last_seq}, context); });
  };
  run_both(context, save_terms, save_vectors);
  const bool cancelled =
      (!terms && terms.error().code == Code::cancelled) || (!vectors && vectors.error().code == Code::cancelled);
  return cancelled ? context.check() : Status();
}

Status View::save(Database& database, Lag lag, const Context& context) {
  IG_TRY(catch_up(database, context));
  if (seq_ <= 0) return {};
  const std::size_t enough = std::max(kLeastLag, terms_->size() / kLagShare);
  const bool far_behind = lag == Lag::any || changed_ >= enough;
  const IndexStamp stamp{term_stamp(), static_cast<std::uint64_t>(seq_)};
  if (saved_terms_ != seq_ && (saved_terms_ < 0 || far_behind)) {
    IG_TRY(terms_->save(folder_ / ("bm25-" + std::to_string(seq_) + ".idx"), stamp, context));
    saved_terms_ = seq_;
    changed_ = 0;
  }
  if (vectors_ && saved_vectors_ != seq_ && (saved_vectors_ < 0 || far_behind)) {
    const fs::path path = folder_ / (vector_prefix(space_->number) + std::to_string(seq_) + ".seg");
    IG_TRY(vectors_->save_changes(path, {space_->space_id, static_cast<std::uint64_t>(seq_)}, context));
    saved_vectors_ = seq_;
  }
  drop_files(saved_terms_);
  return {};
}

void View::drop_files(std::int64_t keep_terms) {
  std::error_code ignored;
  for (const DerivedFile& file : term_files()) {
    if (file.seq != keep_terms) fs::remove(file.path, ignored);
  }
  std::vector<std::string> kept;
  if (vectors_) {
    for (const fs::path& path : vectors_->files()) kept.push_back(path.filename().string());
  }
  std::vector<fs::path> old;
  for (fs::directory_iterator it(folder_, ignored), end; it != end; it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    const bool vector = name.starts_with("vec-") && name.ends_with(".seg");
    if (vector && std::ranges::find(kept, name) == kept.end()) old.push_back(it->path());
    if (is_abandoned(name)) old.push_back(it->path());
  }
  for (const fs::path& path : old) fs::remove(path, ignored);
}

}  // namespace isogloss::store
