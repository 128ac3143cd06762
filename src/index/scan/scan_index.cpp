// SPDX-License-Identifier: Apache-2.0
// The scan index: the rows of index/row_store.hpp with codes beside them (coder.hpp), searched in stages
// (part_search.hpp).
//
// Parts as in the store. Each base lies in a map, its codes too (coding.hpp); the first is in lists when it is large
// (lists.hpp), the others, which save_changes() writes, are runs of blocks coded about the first one's centre. The tail
// is coded in memory when it is searched: as the first base, or, when there is none that is coded, once it has
// kLeastCoded rows, and again, with a new centre, when it has grown to eight times of what the centre was measured on;
// below, its rows are scored as they are. Removed rows are bits of a mask; a removed row of the tail is overwritten by
// the last one, codes included. Parts are searched one after another, and what one finds is the least another has to.
//
// save_changes() writes the tail as one more file and takes along the files before it that hold less than twice as
// much, so that there are few, each at least twice as large as the next. It writes everything anew when the rows
// without lists are an eighth of those in lists (they cost as much as twice as many in lists do), when a quarter of all
// is removed rows, or when there are enough rows for lists.
//
// Which way a part is read:
//   few rows may be returned (of k): they are scored as they are
//   a sixteenth of the part at most: by bytes, then exactly
//   else: signs of all blocks with a live row, or of the lists that may hold one of the best, bytes, exactly
//   exact: bytes of all rows with bounds, then exactly whatever the bounds leave
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "index/row_store.hpp"
#include "index/scan/coding.hpp"
#include "index/scan/part_search.hpp"
#include "math/topk.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kFewRows = 128;     // scored as they are
constexpr std::size_t kPickedShare = 16;  // at most 1 of so many: by bytes, without signs
constexpr std::size_t kRecodeGrowth = 8;
constexpr std::size_t kUnlistedShare = 8;  // at most 1 of so many rows has no list
constexpr std::size_t kRemovedShare = 4;   // at most 1 removed row to so many live ones
constexpr std::size_t kMergedSize = 2;     // a file is written anew with one that is not smaller by this

struct TailCoding {
  std::unique_ptr<CodeBuffer> buffer;
  Spread spread;
  std::size_t measured_on = 0;  // rows
  std::size_t coded = 0;        // rows
};

class ScanIndex final : public StoredIndex {
 public:
  explicit ScanIndex(RowStore rows) : StoredIndex(std::move(rows)) {}

  static Result<std::unique_ptr<VectorIndex>> map_file(const std::filesystem::path& path) {
    auto index = std::make_unique<ScanIndex>(RowStore(VectorIndexOptions()));
    IG_TRY(index->map_parts(path));
    return std::unique_ptr<VectorIndex>(std::move(index));
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) {
      const RowStore::Removed removed = rows_.remove(id);
      count += removed.where != RowStore::Removed::Where::nowhere;
      if (removed.where == RowStore::Removed::Where::base) bases_[removed.base].remove(removed.row);
      if (removed.where == RowStore::Removed::Where::tail) uncode(removed);
    }
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(VectorsView queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&] { return search_all(queries, query, context, cost); });
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&] { return write_scan_file(path, stamp, rows_, context); });
  }

  Status save_changes(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) override {
    return guard([&]() -> Status {
      const std::size_t keep = bases_to_keep();
      if (keep == 0) {
        IG_TRY(write_scan_file(path, stamp, rows_, context));
      } else {
        IG_TRY(write_scan_changes(path, stamp, rows_, keep, bases_[0].coder, context));
      }
      return map_parts(path);
    });
  }

 private:
  // One part for one search.
  struct Part {
    FlatRows rows;
    std::size_t matches = 0;
    const Coding* coding = nullptr;    // null: read the rows as they are
    RowMask all;                       // without lists and a mask of the rows: every position
    std::vector<std::uint32_t> picks;  // positions that may be returned, where signs are not read
    LiveRows live(bool filtered) const {
      if (coding->lists == nullptr) return {(rows.mask ? *rows.mask : all).words(), nullptr};
      return filtered ? LiveRows{{}, &*rows.mask} : LiveRows{coding->live.words(), nullptr};
    }
  };

  static Status check_recall(IndexQuery& query);
  static std::string plan_of(std::span<const Part> parts, const IndexQuery& query);
  // The removed row's codes make way for the last row's, as in the store.
  void uncode(const RowStore::Removed& removed) {
    std::size_t& coded = tail_codes_.coded;
    if (removed.row >= coded) return;
    if (removed.last < coded) {
      if (removed.row != removed.last) tail_codes_.buffer->copy(removed.last, removed.row);
      coded = removed.last;
    } else {
      coded = removed.row;  // the last row was not coded yet: it and those behind it are, at the next search
    }
  }

  Status map_parts(const std::filesystem::path& path);
  std::size_t bases_to_keep() const;
  void code_tail(const Context& context) const;
  Part part_of(FlatRows rows, const Coding& coding, const IndexQuery& query) const;
  Result<std::vector<std::vector<IndexHit>>> search_all(VectorsView queries, const IndexQuery& query,
                                                        const Context& context, IndexCost* cost) const;
  // A query on its way through the parts.
  struct Asked {
    std::span<const float> q;      // (dim)
    const Coder* coder = nullptr;  // that `coded` and `floor` are of
    CodedQuery coded;
    float floor = -INFINITY;  // candidates_by_codes()
  };
  void search_part(const Part& part, Asked& asked, const IndexQuery& query, math::TopK& best, IndexCost& cost) const;
  std::vector<std::uint32_t> candidates(const Part& part, Asked& asked, const IndexQuery& query, PartCost& cost) const;

  std::vector<Coding> bases_;
  // The tail is coded when it is searched, not when it grows: an index that is filled and saved is coded once.
  mutable std::mutex coding_;
  mutable Coding tail_;
  mutable TailCoding tail_codes_;
};

Status ScanIndex::map_parts(const std::filesystem::path& path) {
  RowStore rows = IG_TRY(RowStore::map(IG_TRY(open_scan_files(path))));
  IG_TRY(restore_removed(rows));
  std::vector<Coding> bases;
  for (std::size_t base = 0; base < rows.bases(); ++base) {
    bases.push_back(IG_TRY(map_coding(rows, base, base > 0 ? &bases[0] : nullptr)));
  }
  rows_ = std::move(rows);
  bases_ = std::move(bases);
  tail_ = {};
  tail_codes_ = {};
  return {};
}

// How many of the first bases the next file adds to; 0 = it holds everything.
std::size_t ScanIndex::bases_to_keep() const {
  if (bases_.empty() || bases_[0].coder == nullptr) return 0;
  const std::size_t all = rows_.live_in_bases(0);
  const std::size_t first = all - rows_.live_in_bases(1);
  const std::size_t others = rows_.size() - first;
  std::size_t written = 0;
  for (std::size_t base = 0; base < bases_.size(); ++base) written += rows_.count(base);
  if ((written - all) * kRemovedShare > rows_.size()) return 0;
  if (bases_[0].lists != nullptr ? others * kUnlistedShare > first : rows_.size() >= kLeastListed) return 0;
  std::size_t keep = bases_.size();
  for (; keep > 1; --keep) {
    const std::size_t later = rows_.live_in_bases(keep);
    const std::size_t one = rows_.live_in_bases(keep - 1) - later;
    if (one > kMergedSize * (rows_.tail_size() + later)) break;
  }
  return keep;
}

void ScanIndex::code_tail(const Context& context) const {
  const FlatRows rows = rows_.tail_part(nullptr);
  const std::shared_ptr<const Coder> first = bases_.empty() ? nullptr : bases_[0].coder;
  const std::lock_guard lock(coding_);
  const std::size_t least = first != nullptr ? kFewRows : kLeastCoded;
  if (rows.count == tail_codes_.coded || (rows.count < least && tail_.coder == nullptr)) return;
  const std::size_t stride = rows.stride * (rows.dtype == DType::f32 ? 4 : 2);
  const ReadRow read = [&](std::size_t i, std::span<float> out) { rows_.read_row(rows.data + i * stride, out); };
  TailCoding& codes = tail_codes_;
  if (tail_.coder == nullptr || (first == nullptr && rows.count >= kRecodeGrowth * codes.measured_on)) {
    RowStatistics statistics = measure_rows(rows.count, rows.dim, read, context);
    tail_.largest = statistics.largest;
    tail_.coder = first;
    if (first == nullptr) {
      tail_.coder = std::make_shared<const Coder>(rows.dim, options().metric, std::move(statistics.centre));
    }
    codes = {std::make_unique<CodeBuffer>(tail_.coder->width()), {}, rows.count, 0};
  } else {
    const ReadRow fresh = [&](std::size_t i, std::span<float> out) { read(codes.coded + i, out); };
    tail_.largest = std::max(tail_.largest, measure_rows(rows.count - codes.coded, rows.dim, fresh, context).largest);
  }
  const std::size_t positions = (rows.count + kBlockRows - 1) / kBlockRows * kBlockRows;
  if (positions > codes.buffer->positions()) codes.buffer->resize(positions, positions);
  code_rows(*tail_.coder, codes.coded, rows.count - codes.coded, read, *codes.buffer, codes.spread, context);
  codes.coded = rows.count;
  tail_.rows = codes.buffer->view();
  tail_.deviation = codes.spread.deviation();
}

ScanIndex::Part ScanIndex::part_of(FlatRows rows, const Coding& coding, const IndexQuery& query) const {
  Part part;
  part.rows = std::move(rows);
  part.matches = part.rows.mask ? part.rows.mask->count() : part.rows.count;
  const bool few = part.matches <= std::max(kFewRows, 4 * query.k);
  if (few || coding.coder == nullptr || coding.largest > kLongestCoded) return part;
  part.coding = &coding;
  const bool picked = query.exact || part.matches * kPickedShare <= part.rows.count;
  if (coding.lists == nullptr) {
    if (!part.rows.mask) {
      part.all = RowMask(part.rows.count);
      part.all.flip(part.rows.count);
    }
    if (picked) (part.rows.mask ? *part.rows.mask : part.all).rows_between(0, part.rows.count, part.picks);
  } else if (picked && query.filter == nullptr) {
    coding.live.rows_between(0, coding.rows.positions, part.picks);
  } else if (picked) {
    part.rows.mask->rows_between(0, part.rows.count, part.picks);
    for (std::uint32_t& one : part.picks) one = coding.lists->arrays().position[one];
    std::erase_if(part.picks, [&](std::uint32_t at) {  // of a damaged file
      return at >= coding.rows.positions || !coding.lists->filled().contains(at);
    });
  }
  return part;
}

// Rows of the part that have to be scored.
std::vector<std::uint32_t> ScanIndex::candidates(const Part& part, Asked& asked, const IndexQuery& query,
                                                 PartCost& cost) const {
  const Coding& coding = *part.coding;
  if (asked.coder != coding.coder.get()) {
    asked.coder = coding.coder.get();
    asked.coded = coding.coder->query(asked.q);
    asked.floor = -INFINITY;
  }
  CodedPart codes{coding.rows, coding.lists.get(), coding.largest, part.rows.dim, {}};
  if (coding.lists != nullptr) codes.shifts = list_shifts(*coding.lists, asked.coded);
  std::vector<std::uint32_t> found;
  if (query.exact) {
    found = proven_candidates(codes, asked.coded, part.picks, query.k, cost);
  } else if (!part.picks.empty()) {
    found = candidates_by_bytes(codes, asked.coded, part.picks, query.k, asked.floor, cost);
  } else {
    const Effort effort = coding.effort(query, asked.coded.length);
    found =
        candidates_by_codes(codes, asked.coded, part.live(query.filter != nullptr), effort, query.k, asked.floor, cost);
  }
  if (coding.lists == nullptr) return found;
  for (std::uint32_t& one : found) one = coding.lists->arrays().row_of[coding.lists->rank_of(one)];
  std::erase_if(found, [&](std::uint32_t row) { return row >= part.rows.count; });  // of a damaged file
  return found;
}

void ScanIndex::search_part(const Part& part, Asked& asked, const IndexQuery& query, math::TopK& best,
                            IndexCost& cost) const {
  if (part.coding == nullptr) {
    const math::MatrixView one{asked.q.data(), 1, asked.q.size(), asked.q.size(), 1};
    std::size_t scored = 0;
    const auto lists = scan({&part.rows, 1}, options().metric, one, query.k, query.at_least, Context{}, &scored);
    for (const IndexHit& hit : lists.front()) best.push(hit.score, hit.id);
    cost.scored += scored;
    return;
  }
  PartCost spent;
  const std::vector<std::uint32_t> found = candidates(part, asked, query, spent);
  std::vector<float> scores(found.size());
  score_rows(part.rows, options().metric, asked.q, 0, found, scores);
  for (std::size_t i = 0; i < found.size(); ++i) best.push(scores[i], part.rows.ids[found[i]]);
  cost.scored += found.size();
  cost.lists += spent.lists;
  cost.codes += spent.codes;
  cost.bytes += spent.bytes;
}

Result<std::vector<std::vector<IndexHit>>> ScanIndex::search_all(VectorsView queries, const IndexQuery& asked,
                                                                 const Context& context, IndexCost* cost) const {
  const math::Matrix prepared = IG_TRY(rows_.prepare_queries(queries));
  IG_TRY(context.check());
  IndexQuery query = asked;
  IG_TRY(check_recall(query));
  code_tail(context);
  std::vector<Part> parts;
  for (std::size_t base = 0; base < bases_.size(); ++base) {
    parts.push_back(part_of(rows_.base_part(base, query.filter), bases_[base], query));
  }
  parts.push_back(part_of(rows_.tail_part(query.filter), tail_, query));
  std::size_t matches = 0;
  for (const Part& part : parts) matches += part.matches;
  const std::size_t k = std::min(query.k, matches);
  query.k = k;
  std::vector<std::vector<IndexHit>> hits(queries.rows);
  std::vector<IndexCost> costs(queries.rows);
  if (k > 0) {
    parallel_for(context, queries.rows, 1, [&](std::size_t i, std::size_t) {
      math::TopK best(k);
      Asked asked_of{prepared.row(i), nullptr, {}, -INFINITY};
      for (const Part& part : parts) {
        if (part.matches > 0) search_part(part, asked_of, query, best, costs[i]);
      }
      for (const math::Scored& one : best.take()) {
        if (one.score >= query.at_least) hits[i].push_back({one.id, one.score});
      }
    });
  }
  if (cost != nullptr) {
    *cost = {};
    cost->plan = plan_of(parts, query);
    cost->matches = queries.rows == 0 ? 0 : matches;
    for (const IndexCost& one : costs) {
      cost->scored += one.scored;
      cost->lists += one.lists;
      cost->codes += one.codes;
      cost->bytes += one.bytes;
    }
  }
  return hits;
}

// Recall 1 is asked for in either way.
Status ScanIndex::check_recall(IndexQuery& query) {
  if (!(query.recall > 0 && query.recall <= 1)) {
    return fail(Code::invalid_argument, "The recall asked of a search must be above 0 and at most 1, not " +
                                            std::to_string(query.recall) + ".");
  }
  query.exact = query.exact || query.recall == 1;
  query.recall = std::clamp(query.recall, 0.5, 1 - 1e-9);
  return {};
}

// Of the largest part.
std::string ScanIndex::plan_of(std::span<const Part> parts, const IndexQuery& query) {
  const Part& part = *std::ranges::max_element(parts, {}, [](const Part& one) { return one.rows.count; });
  if (part.coding == nullptr) return part.rows.mask ? "flat, picked rows" : "flat";
  if (query.exact) return part.rows.mask ? "proven, picked rows" : "proven";
  if (!part.picks.empty()) return "bytes, picked rows";
  return part.rows.mask ? "scan, masked" : "scan";
}

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<VectorIndex>> make_scan_index(const VectorIndexOptions& options) {
  IG_TRY(index::check_options(options));
  return std::unique_ptr<VectorIndex>(std::make_unique<index::ScanIndex>(index::RowStore(options)));
}

Result<std::unique_ptr<VectorIndex>> map_scan_index(const std::filesystem::path& path) {
  return guard([&] { return index::ScanIndex::map_file(path); });
}

}  // namespace isogloss
