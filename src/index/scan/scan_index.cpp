// SPDX-License-Identifier: Apache-2.0
// The scan index: the rows of index/row_store.hpp with codes beside them (coder.hpp), searched in stages
// (part_search.hpp).
//
// Two parts as in the store. The base lies in the map, its codes too, in lists when it is large (lists.hpp). The tail
// is coded in memory, when it is searched, once it has kLeastCoded rows, and again, with a new centre, when it has
// grown to eight times of what the centre was measured on; below, its rows are scored as they are. Removed rows are
// bits of a mask; a removed row of the tail is overwritten by the last one, codes included.
//
// File (kind "scan", format 1), besides the store's sections: "codes", "factors", "adds" by position, "bytes", "steps"
// by rank (CodedRows), empty when the index is too small to be coded; "centre" (dim) or empty; "calibration"
// (Calibration) or empty; "starts", "centres", "list_adds", "radii", "row_of", "position" (ListArrays) or empty.
//
// Which way a part is read:
//   few rows may be returned (of k): they are scored as they are
//   a sixteenth of the part at most: by bytes, then exactly
//   else: signs of all blocks with a live row, or of the lists that may hold one of the best, bytes, exactly
//   exact: bytes of all rows with bounds, then exactly whatever the bounds leave
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>

#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "index/row_store.hpp"
#include "index/scan/code_builder.hpp"
#include "index/scan/part_search.hpp"
#include "math/topk.hpp"

namespace isogloss::index {
namespace {

constexpr std::string_view kKind = "scan";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kFewRows = 128;     // scored as they are
constexpr std::size_t kPickedShare = 16;  // at most 1 of so many: by bytes, without signs
constexpr std::size_t kRecodeGrowth = 8;

struct Details {
  RowStore::Details rows;
  double largest;    // |x|
  double deviation;  // Spread::deviation
  std::uint32_t width;
  std::uint32_t unused;
};

// The quantile of the normal distribution, by bisection: how many deviations a share lies above.
double deviations_of(double share) {
  double low = -8;
  double high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

// How the rows of a part are coded.
struct Coding {
  std::unique_ptr<Coder> coder;  // null: not coded
  CodedRows rows;
  std::unique_ptr<Lists> lists;              // null: one run of blocks
  RowMask live;                              // with lists: positions of the rows that were not removed
  std::unique_ptr<Calibration> calibration;  // null: errors are taken for normal
  double largest = 0;
  double deviation = 0;

  Effort effort(const IndexQuery& query, float query_length) const;
};

Effort Coding::effort(const IndexQuery& query, float query_length) const {
  if (calibration == nullptr) {
    return {static_cast<float>(deviations_of(query.recall) * deviation * static_cast<double>(query_length)), 0.0F};
  }
  const double miss = query.filter != nullptr ? 1 - query.recall : calibration->nominal_for(query.recall, query.k);
  return calibration->nominal(miss, lists != nullptr, deviation, query_length);
}

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
    auto index = std::make_unique<ScanIndex>(IG_TRY(RowStore::map(IG_TRY(SectionFile::open(path, kKind, kFormat)))));
    IG_TRY(index->map_codes());
    return std::unique_ptr<VectorIndex>(std::move(index));
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) {
      const RowStore::Removed removed = rows_.remove(id);
      count += removed.where != RowStore::Removed::Where::nowhere;
      if (removed.where == RowStore::Removed::Where::base && base_.lists != nullptr) {
        const std::uint32_t position = base_.lists->arrays().position[removed.row];
        if (position < base_.rows.positions) base_.live.erase(position);
      }
      if (removed.where == RowStore::Removed::Where::tail) uncode(removed);
    }
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(VectorsView queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&] { return search_all(queries, query, context, cost); });
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&] { return write(path, stamp, context); });
  }

 private:
  // One part for one search.
  struct Part {
    FlatRows rows;
    std::size_t matches = 0;
    const Coding* coding = nullptr;  // null: read the rows as they are
    RowMask mask;                    // positions that may be returned, unless they are those of the coding
    bool own_mask = false;
    std::vector<std::uint32_t> picks;  // positions that may be returned, where signs are not read
    const RowMask& live() const { return own_mask ? mask : coding->live; }
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

  Status map_codes();
  Status map_lists(std::size_t count);
  void code_tail(const Context& context) const;
  Part part_of(FlatRows rows, const Coding& coding, const IndexQuery& query) const;
  Result<std::vector<std::vector<IndexHit>>> search_all(VectorsView queries, const IndexQuery& query,
                                                        const Context& context, IndexCost* cost) const;
  void search_part(const Part& part, std::span<const float> q, const IndexQuery& query, math::TopK& best,
                   IndexCost& cost) const;
  Status write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const;

  Coding base_;
  // The tail is coded when it is searched, not when it grows: an index that is filled and saved is coded once.
  mutable std::mutex coding_;
  mutable Coding tail_;
  mutable TailCoding tail_codes_;
};

Status ScanIndex::map_codes() {
  const SectionFile& file = *rows_.file();
  Details details;
  static_assert(sizeof details <= sizeof(SectionFooter::details));
  std::memcpy(&details, file.footer().details, sizeof details);
  const auto codes = IG_TRY(file.array<std::uint8_t>("codes"));
  if (codes.empty()) return {};
  const std::size_t count = file.footer().count;
  const auto centre = IG_TRY(file.array<float>("centre"));
  if (!centre.empty() && centre.size() != options().dim) return file.damaged("its centre has another dimension");
  auto coder =
      std::make_unique<Coder>(options().dim, options().metric, std::vector<float>(centre.begin(), centre.end()));
  if (details.width != coder->width()) return file.damaged("its codes have another width");
  if (!(details.deviation >= 0 && details.deviation <= 1) || !(details.largest >= 0) ||
      details.largest > kLongestCoded) {
    return file.damaged("what it says about its rows is impossible");
  }
  IG_TRY(map_lists(count));
  const std::size_t width = details.width;
  const std::size_t whole = (count + kBlockRows - 1) / kBlockRows * kBlockRows;
  const std::size_t positions = base_.lists != nullptr ? base_.lists->positions() : whole;
  const std::size_t ranks = base_.lists != nullptr ? count : whole;
  base_.rows.codes = IG_TRY(file.array<std::uint8_t>("codes", positions * (width / 8)));
  base_.rows.factors = IG_TRY(file.array<float>("factors", positions));
  base_.rows.adds = IG_TRY(file.array<float>("adds", positions));
  base_.rows.bytes = IG_TRY(file.array<std::int8_t>("bytes", ranks * width));
  base_.rows.steps = IG_TRY(file.array<float>("steps", ranks));
  base_.rows.positions = positions;
  base_.rows.width = width;
  const auto calibration = IG_TRY(file.array<float>("calibration"));
  if (calibration.size() == Calibration::kValues) {
    base_.calibration = std::make_unique<Calibration>(Calibration::from(calibration));
  } else if (!calibration.empty() || base_.lists != nullptr) {
    return file.damaged("its calibration has another size");
  }
  base_.largest = details.largest;
  base_.deviation = details.deviation;
  base_.coder = std::move(coder);
  return {};
}

Status ScanIndex::map_lists(std::size_t count) {
  const SectionFile& file = *rows_.file();
  ListArrays arrays;
  arrays.starts = IG_TRY(file.array<std::uint32_t>("starts"));
  if (arrays.starts.empty()) return {};
  const std::size_t lists = arrays.starts.size() - 1;
  if (lists == 0 || arrays.starts.front() != 0 || arrays.starts.back() != count || lists > count ||
      !std::ranges::is_sorted(arrays.starts)) {
    return file.damaged("its lists do not hold its rows");
  }
  arrays.centres = IG_TRY(file.array<std::uint16_t>("centres", lists * options().dim));
  arrays.adds = IG_TRY(file.array<float>("list_adds", lists));
  arrays.radii = IG_TRY(file.array<float>("radii", lists));
  arrays.row_of = IG_TRY(file.array<std::uint32_t>("row_of", count));
  arrays.position = IG_TRY(file.array<std::uint32_t>("position", count));
  base_.lists = std::make_unique<Lists>(arrays);
  base_.live = base_.lists->filled();
  return {};
}

void ScanIndex::code_tail(const Context& context) const {
  const FlatRows rows = rows_.tail_part(nullptr);
  const std::lock_guard lock(coding_);
  if (rows.count == tail_codes_.coded || (rows.count < kLeastCoded && tail_.coder == nullptr)) return;
  const std::size_t stride = rows.stride * (rows.dtype == DType::f32 ? 4 : 2);
  const ReadRow read = [&](std::size_t i, std::span<float> out) { rows_.read_row(rows.data + i * stride, out); };
  TailCoding& codes = tail_codes_;
  if (tail_.coder == nullptr || rows.count >= kRecodeGrowth * codes.measured_on) {
    RowStatistics statistics = measure_rows(rows.count, rows.dim, read, context);
    tail_.largest = statistics.largest;
    tail_.coder = std::make_unique<Coder>(rows.dim, options().metric, std::move(statistics.centre));
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
  // With lists and without a filter the mask is at hand.
  part.own_mask = coding.lists == nullptr || query.filter != nullptr;
  if (part.own_mask && coding.lists == nullptr) {
    part.mask = part.rows.mask ? *part.rows.mask : RowMask(part.rows.count);
    if (!part.rows.mask) part.mask.flip(part.rows.count);
  } else if (part.own_mask) {
    part.mask = RowMask(coding.rows.positions);
    const std::span<const std::uint32_t> position = coding.lists->arrays().position;
    std::vector<std::uint32_t> matching;
    part.rows.mask->rows_between(0, part.rows.count, matching);
    for (const std::uint32_t row : matching) {
      const std::uint32_t at = position[row];
      if (at < coding.rows.positions && coding.lists->filled().contains(at)) part.mask.insert(at);
    }
  }
  if (picked) part.live().rows_between(0, part.live().words().size() * 64, part.picks);
  return part;
}

void ScanIndex::search_part(const Part& part, std::span<const float> q, const IndexQuery& query, math::TopK& best,
                            IndexCost& cost) const {
  if (part.coding == nullptr) {
    const std::array<FlatRows, 1> parts = {part.rows};
    const math::MatrixView one{q.data(), 1, q.size(), q.size(), 1};
    std::size_t scored = 0;
    const auto lists = scan(parts, options().metric, one, query.k, Context{}, &scored);
    for (const IndexHit& hit : lists.front()) best.push(hit.score, hit.id);
    cost.scored += scored;
    return;
  }
  const Coding& coding = *part.coding;
  const CodedQuery coded = coding.coder->query(q);
  CodedPart codes{coding.rows, coding.lists.get(), coding.largest, part.rows.dim, {}};
  if (coding.lists != nullptr) codes.shifts = list_shifts(*coding.lists, coded);
  PartCost spent;
  std::vector<std::uint32_t> found;
  if (query.exact) {
    found = proven_candidates(codes, coded, part.picks, query.k, spent);
  } else if (!part.picks.empty()) {
    found = candidates_by_bytes(codes, coded, part.picks, query.k, spent);
  } else {
    found = candidates_by_codes(codes, coded, part.live(), coding.effort(query, coded.length), query.k, spent);
  }
  if (coding.lists != nullptr) {
    for (std::uint32_t& one : found) one = coding.lists->arrays().row_of[coding.lists->rank_of(one)];
    std::erase_if(found, [&](std::uint32_t row) { return row >= part.rows.count; });  // of a damaged file
  }
  std::vector<float> scores(found.size());
  score_rows(part.rows, options().metric, q, 0, found, scores);
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
  const std::array<Part, 2> parts = {part_of(rows_.base_part(query.filter), base_, query),
                                     part_of(rows_.tail_part(query.filter), tail_, query)};
  const std::size_t matches = parts[0].matches + parts[1].matches;
  const std::size_t k = std::min(query.k, matches);
  query.k = k;
  std::vector<std::vector<IndexHit>> hits(queries.rows);
  std::vector<IndexCost> costs(queries.rows);
  if (k > 0) {
    parallel_for(context, queries.rows, 1, [&](std::size_t i, std::size_t) {
      math::TopK best(k);
      for (const Part& part : parts) {
        if (part.matches > 0) search_part(part, prepared.row(i), query, best, costs[i]);
      }
      for (const math::Scored& one : best.take()) hits[i].push_back({one.id, one.score});
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
  const Part& part = parts[1].rows.count > parts[0].rows.count ? parts[1] : parts[0];
  if (part.coding == nullptr) return part.rows.mask ? "flat, picked rows" : "flat";
  if (query.exact) return part.rows.mask ? "proven, picked rows" : "proven";
  if (!part.picks.empty()) return "bytes, picked rows";
  return part.rows.mask ? "scan, masked" : "scan";
}

Status ScanIndex::write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const {
  IG_TRY(check_stamp(stamp));
  const RowStore::Live live = rows_.live();
  const std::size_t count = live.ids.size();
  const ReadRow read = [&](std::size_t i, std::span<float> out) { rows_.read_row(live.rows[i], out); };
  SectionWriter writer = IG_TRY(SectionWriter::create(path, kKind, kFormat));
  IG_TRY(rows_.write(writer, live, context));
  const BuiltCodes built = IG_TRY(build_codes(count, options().dim, options().metric, read, context));
  const CodedRows codes = built.codes != nullptr ? built.codes->view() : CodedRows();
  IG_TRY(writer.section<std::uint8_t>("codes", codes.codes));
  IG_TRY(writer.section<float>("factors", codes.factors));
  IG_TRY(writer.section<float>("adds", codes.adds));
  IG_TRY(writer.section<std::int8_t>("bytes", codes.bytes));
  IG_TRY(writer.section<float>("steps", codes.steps));
  IG_TRY(writer.section<float>("centre", built.coder->centre()));
  IG_TRY(writer.begin("calibration"));
  if (built.calibration) IG_TRY(writer.write_array<float>(built.calibration->values()));
  IG_TRY(writer.section<std::uint32_t>("starts", built.lists.starts));
  IG_TRY(writer.section<std::uint16_t>("centres", built.lists.centres));
  IG_TRY(writer.section<float>("list_adds", built.lists.adds));
  IG_TRY(writer.section<float>("radii", built.lists.radii));
  IG_TRY(writer.section<std::uint32_t>("row_of", built.lists.row_of));
  IG_TRY(writer.section<std::uint32_t>("position", built.lists.position));
  const Details details{rows_.details(), built.largest, built.deviation,
                        static_cast<std::uint32_t>(built.coder->width()), 0};
  return writer.finish(stamp, count, std::as_bytes(std::span(&details, 1)));
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
