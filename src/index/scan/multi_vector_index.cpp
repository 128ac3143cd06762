// SPDX-License-Identifier: Apache-2.0
// Rows of several vectors over a scan index of all vectors: vector j of row `id` has the id id * 2^16 + j, so the file,
// its changes and its filters are those of the scan index, and what is added here is which rows there are.
//
// Two ways lead to the rows that are scored exactly:
//   the mean of a row's vectors, in a scan index of its own beside the other: the rows whose means are near the mean of
//   the query's vectors
//   single vectors: the kNear nearest of each vector of the query; a row's score is estimated from those of its vectors
//   that were found, and where none was, its best cannot be above the last one that was (XTR, Lee et al. 2023, 3.3).
// The first finds rows that are near as a whole, the second those of which a few vectors are very near.
//
// Measured (bench/tasks/max_sim: 10,400 lines of Wikipedia, 301,000 token vectors of MiniLM x 384, the ten best for
// other lines, 29 vectors a query): among the 100 / 200 rows with the nearest means are 0.985 / 0.999 of the ten best.
// Single vectors alone: 0.98 take the 68 nearest of each, 400 rows scored and a sixth of brute force's time; looking up
// 100 nearest of 29 vectors takes 8 ms, 10 of them at recall 0.8 takes 2.
#include <algorithm>
#include <unordered_map>

#include "core/assert.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "index/row_store.hpp"
#include "math/topk.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr unsigned kNumberBits = 16;
constexpr std::int64_t kMostVectors = std::int64_t{1} << kNumberBits;
constexpr std::int64_t kMostId = (std::int64_t{1} << 47) - 1;
constexpr std::size_t kNear = 10;    // vectors looked up for each of the query's
constexpr double kNearRecall = 0.8;  // of those
constexpr std::size_t kRows = 32;    // rows taken from them, and kRowsPerHit for each hit
constexpr std::size_t kRowsPerHit = 4;
constexpr std::size_t kMeans = 64;  // rows taken by their means, and kMeansPerHit for each hit
constexpr std::size_t kMeansPerHit = 16;
constexpr std::string_view kMeansEnd = "-means";  // of the name of the means' file

std::filesystem::path means_path(const std::filesystem::path& path) { return path.string() + std::string(kMeansEnd); }

class MaxSimIndex final : public MultiVectorIndex {
 public:
  MaxSimIndex(std::unique_ptr<VectorIndex> vectors, std::unique_ptr<VectorIndex> means)
      : vectors_(std::move(vectors)), means_(std::move(means)) {}

  static Result<std::unique_ptr<MultiVectorIndex>> map_file(const std::filesystem::path& path) {
    auto index = std::make_unique<MaxSimIndex>(IG_TRY(map_scan_index(path)), IG_TRY(map_scan_index(means_path(path))));
    IG_TRY(index->count_vectors());
    return std::unique_ptr<MultiVectorIndex>(std::move(index));
  }

  const VectorIndexOptions& options() const override { return vectors_->options(); }
  std::size_t size() const override { return counts_.size(); }
  std::size_t vectors() const override { return vectors_->size(); }
  bool contains(std::int64_t id) const override { return counts_.contains(id); }
  const IndexStamp& stamp() const override { return vectors_->stamp(); }
  std::vector<std::filesystem::path> files() const override {
    std::vector<std::filesystem::path> out = means_->files();
    for (std::filesystem::path& path : vectors_->files()) out.push_back(std::move(path));
    return out;
  }
  Status verify() const override {
    IG_TRY(means_->verify());
    return vectors_->verify();
  }

  Status add(std::span<const std::int64_t> ids, const Vectors& rows, const Context& context) override {
    return guard([&]() -> Status {
      IG_TRY(check_offsets(rows, ids.size()));
      std::vector<std::int64_t> numbers;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        IG_TRY(check_row(ids[i], rows.row_offsets[i + 1] - rows.row_offsets[i], i));
        for (std::size_t j = rows.row_offsets[i]; j < rows.row_offsets[i + 1]; ++j) {
          numbers.push_back(ids[i] << kNumberBits | static_cast<std::int64_t>(j - rows.row_offsets[i]));
        }
      }
      const Vectors means = IG_TRY(means_of(rows));
      IG_TRY(vectors_->add(numbers, rows.view(), context));
      IG_TRY(means_->add(ids, means.view(), context));
      for (std::size_t i = 0; i < ids.size(); ++i) {
        counts_.emplace(ids[i], static_cast<std::uint32_t>(rows.row_offsets[i + 1] - rows.row_offsets[i]));
      }
      return {};
    });
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) {
      const auto found = counts_.find(id);
      if (found == counts_.end()) continue;
      vectors_->remove(numbers_of(id, found->second));
      means_->remove({&id, 1});
      counts_.erase(found);
      ++count;
    }
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(const Vectors& queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&] { return search_all(queries, query, context, cost); });
  }

  // The means first: `path` is there when both are.
  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    IG_TRY(means_->save(means_path(path), stamp, context));
    return vectors_->save(path, stamp, context);
  }
  Status save_changes(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) override {
    IG_TRY(means_->save_changes(means_path(path), stamp, context));
    return vectors_->save_changes(path, stamp, context);
  }

 private:
  using Hits = std::vector<IndexHit>;

  const RowStore& rows() const { return static_cast<const StoredIndex&>(*vectors_).rows(); }

  static std::vector<std::int64_t> numbers_of(std::int64_t id, std::uint32_t count) {
    std::vector<std::int64_t> numbers(count);
    for (std::uint32_t j = 0; j < count; ++j) numbers[j] = id << kNumberBits | j;
    return numbers;
  }

  // Which rows a file holds.
  Status count_vectors() {
    const RowStore& store = rows();
    for (std::size_t base = 0; base < store.bases(); ++base) {
      const std::span<const std::int64_t> ids = store.ids(base);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!store.removed(base).contains(i)) ++counts_[ids[i] >> kNumberBits];
      }
    }
    // As many vectors as a row has, all numbered below that.
    for (std::size_t base = 0; base < store.bases(); ++base) {
      const std::span<const std::int64_t> ids = store.ids(base);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (store.removed(base).contains(i)) continue;
        if (ids[i] >= 0 && ids[i] % kMostVectors < counts_.at(ids[i] >> kNumberBits)) continue;
        return store.file(base).damaged("its vectors are not numbered as those of rows are");
      }
    }
    const bool both = means_->size() == counts_.size() && means_->stamp().last_seq == vectors_->stamp().last_seq &&
                      std::ranges::all_of(counts_, [&](const auto& one) { return means_->contains(one.first); });
    if (!both) return store.file(store.bases() - 1).damaged("the file of its rows' means is that of other rows");
    return {};
  }

  static Status check_offsets(const Vectors& rows, std::size_t n) {
    const std::vector<std::size_t>& offsets = rows.row_offsets;
    if (!rows.is_sparse() && offsets.size() == n + 1 && offsets.front() == 0 && offsets.back() == rows.rows() &&
        std::ranges::is_sorted(offsets)) {
      return {};
    }
    return fail(Code::invalid_argument, "The vectors of " + std::to_string(n) +
                                            " rows need row_offsets that start at 0, ascend and end at the number of "
                                            "vectors, " +
                                            std::to_string(rows.rows()) + ".");
  }
  Status check_row(std::int64_t id, std::size_t count, std::size_t i) const {
    if (id < 0 || id > kMostId) {
      return fail(Code::invalid_argument,
                  "The id of a row of several vectors must be from 0 to 2^47 - 1, not " + std::to_string(id) + ".",
                  static_cast<std::ptrdiff_t>(i));
    }
    if (count == 0 || count > static_cast<std::size_t>(kMostVectors)) {
      return fail(Code::invalid_argument,
                  "A row has 1 to 65,536 vectors; row " + std::to_string(id) + " has " + std::to_string(count) + ".",
                  static_cast<std::ptrdiff_t>(i));
    }
    if (counts_.contains(id)) {
      return fail(Code::already_exists, "Row " + std::to_string(id) + " is in the index already. Remove it first.",
                  static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

  // The mean of each row's vectors, those at length 1 for cosine. (rows, dim)
  Result<Vectors> means_of(const Vectors& all) const {
    const std::size_t n = all.row_offsets.size() - 1;
    const math::Matrix prepared = IG_TRY(rows().prepare_queries(all.view()));
    Vectors out = Vectors::dense(n, options().dim);
    for (std::size_t i = 0; i < n; ++i) {
      const float share =
          1.0F / static_cast<float>(std::max<std::size_t>(1, all.row_offsets[i + 1] - all.row_offsets[i]));
      for (std::size_t j = all.row_offsets[i]; j < all.row_offsets[i + 1]; ++j) {
        for (std::size_t d = 0; d < options().dim; ++d) out.row_f32(i)[d] += share * prepared.row(j)[d];
      }
    }
    return out;
  }

  // Ids of the rows that may be returned, ascending.
  std::vector<std::int64_t> matching(const IdSet* filter) const {
    std::vector<std::int64_t> out;
    for (const auto& [id, count] : counts_) {
      if (filter == nullptr || filter->contains(id)) out.push_back(id);
    }
    std::ranges::sort(out);
    return out;
  }

  // What may be returned, and how many rows are looked at for it.
  struct Wanted {
    std::size_t k = 0;
    std::size_t matches = 0;
    bool every = false;             // all that match are scored
    std::vector<std::int64_t> all;  // that match; only when `every` or under a filter
    const IdSet* filter = nullptr;
  };
  Wanted wanted(const IndexQuery& query) const;
  Result<std::vector<Hits>> search_all(const Vectors& queries, const IndexQuery& query, const Context& context,
                                       IndexCost* cost) const;
  // Rows to be scored for each query, by the two ways above.
  Result<std::vector<std::vector<std::int64_t>>> candidates(const Vectors& queries, const Wanted& wanted,
                                                            const Context& context, IndexCost& cost) const;
  static std::vector<std::int64_t> promising(std::span<const Hits> near, std::size_t most);
  double max_sim(math::MatrixView q, std::int64_t id, std::vector<float>& scratch) const;

  std::unique_ptr<VectorIndex> vectors_;
  std::unique_ptr<VectorIndex> means_;                      // (rows)
  std::unordered_map<std::int64_t, std::uint32_t> counts_;  // vectors of each row
};

// The rows with the best estimates, from the vectors found near each of the query's.
std::vector<std::int64_t> MaxSimIndex::promising(std::span<const Hits> near, std::size_t most) {
  struct Estimate {
    double above = 0;           // sum over found vectors of score - last score found
    std::size_t last_of = ~0U;  // the query's vector that was seen last
  };
  std::unordered_map<std::int64_t, Estimate> rows;
  for (std::size_t i = 0; i < near.size(); ++i) {
    for (const IndexHit& hit : near[i]) {  // best first
      Estimate& one = rows[hit.id >> kNumberBits];
      if (one.last_of == i) continue;
      one.last_of = i;
      one.above += static_cast<double>(hit.score) - static_cast<double>(near[i].back().score);
    }
  }
  std::vector<std::pair<double, std::int64_t>> order;
  for (const auto& [id, one] : rows) order.emplace_back(-one.above, id);
  const std::size_t kept = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end());
  std::vector<std::int64_t> out;
  for (const auto& [score, id] : std::span(order).first(kept)) out.push_back(id);
  return out;
}

// q (vectors, dim)
double MaxSimIndex::max_sim(math::MatrixView q, std::int64_t id, std::vector<float>& scratch) const {
  const std::size_t count = counts_.at(id);
  const std::size_t dim = q.columns;
  FlatRows there = rows().run(id << kNumberBits, count);
  scratch.resize(count * (dim + 1));
  if (there.count == 0) {  // in memory, or not side by side
    for (std::size_t j = 0; j < count; ++j) {
      const std::byte* kept = rows().kept(id << kNumberBits | static_cast<std::int64_t>(j));
      IG_ASSERT(kept != nullptr);
      rows().read_row(kept, std::span(scratch).subspan(dim * j, dim));
    }
    there = {std::as_bytes(std::span(scratch)).data(), count, dim, dim, DType::f32, {}, {}};
  }
  const std::span<float> scores = std::span(scratch).last(count);
  double sum = 0;
  for (std::size_t i = 0; i < q.rows; ++i) {
    score_rows(there, Metric::dot, q.row(i), 0, {}, scores);
    sum += static_cast<double>(simd::kernels().max(scores.data(), count));
  }
  return sum;
}

MaxSimIndex::Wanted MaxSimIndex::wanted(const IndexQuery& query) const {
  Wanted out;
  out.filter = query.filter;
  out.matches = size();
  if (query.filter != nullptr) {
    out.all = matching(query.filter);
    out.matches = out.all.size();
  }
  out.k = std::min(query.k, out.matches);
  out.every = query.exact || query.recall == 1 || out.matches <= kMeans + kMeansPerHit * out.k;
  if (out.every && query.filter == nullptr) out.all = matching(nullptr);
  return out;
}

Result<std::vector<std::vector<std::int64_t>>> MaxSimIndex::candidates(const Vectors& queries, const Wanted& wanted,
                                                                       const Context& context, IndexCost& cost) const {
  IndexQuery by_means{kMeans + kMeansPerHit * wanted.k, wanted.filter};
  const Vectors means = IG_TRY(means_of(queries));
  const std::vector<Hits> near_means = IG_TRY(means_->search(means.view(), by_means, context));
  IndexQuery by_vectors{kNear, nullptr, kNearRecall};
  IdSet numbers;
  if (wanted.filter != nullptr) {
    for (const std::int64_t id : wanted.all) {
      for (const std::int64_t number : numbers_of(id, counts_.at(id))) numbers.insert(number);
    }
    by_vectors.filter = &numbers;
  }
  const std::vector<Hits> near = IG_TRY(vectors_->search(queries.view(), by_vectors, context, &cost));
  std::vector<std::vector<std::int64_t>> out;
  for (std::size_t i = 0; i < near_means.size(); ++i) {
    const std::size_t first = queries.row_offsets[i];
    const std::size_t count = queries.row_offsets[i + 1] - first;
    out.push_back(promising(std::span(near).subspan(first, count), kRows + kRowsPerHit * wanted.k));
    for (const IndexHit& hit : near_means[i]) out.back().push_back(hit.id);
    std::ranges::sort(out.back());
    const auto twice = std::ranges::unique(out.back());
    out.back().erase(twice.begin(), twice.end());
  }
  return out;
}

Result<std::vector<std::vector<IndexHit>>> MaxSimIndex::search_all(const Vectors& queries, const IndexQuery& query,
                                                                   const Context& context, IndexCost* cost) const {
  const std::size_t n = queries.row_offsets.empty() ? 0 : queries.row_offsets.size() - 1;
  IG_TRY(check_offsets(queries, n));
  const math::Matrix prepared = IG_TRY(rows().prepare_queries(queries.view()));
  const Wanted want = wanted(query);
  IndexCost spent;
  std::vector<std::vector<std::int64_t>> some;
  if (!want.every && want.k > 0) some = IG_TRY(candidates(queries, want, context, spent));
  std::vector<Hits> hits(n);
  std::vector<std::size_t> pairs(n);
  parallel_for(context, want.k > 0 ? n : 0, 1, [&](std::size_t i, std::size_t) {
    const std::size_t first = queries.row_offsets[i];
    const std::size_t count = queries.row_offsets[i + 1] - first;
    math::TopK best(want.k);
    std::vector<float> scratch;
    for (const std::int64_t id : want.every ? want.all : some[i]) {
      best.push(static_cast<float>(max_sim(prepared.view().middle_rows(first, count), id, scratch)), id);
      pairs[i] += count * counts_.at(id);
    }
    for (const math::Scored& one : best.take()) {
      if (one.score >= query.at_least) hits[i].push_back({one.id, one.score});
    }
  });
  if (cost != nullptr) {
    *cost = spent;
    cost->plan = want.every ? "every row" : "near means and vectors";
    cost->matches = want.matches;
    for (const std::size_t one : pairs) cost->scored += one;
  }
  return hits;
}

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<MultiVectorIndex>> make_multi_vector_index(const VectorIndexOptions& options) {
  if (options.metric == Metric::euclidean) {
    return fail(Code::invalid_argument, "Rows of several vectors are ranked by cosine or dot, not by euclidean.");
  }
  const VectorIndexOptions means{options.dim, Metric::cosine, options.dtype};
  return std::unique_ptr<MultiVectorIndex>(
      std::make_unique<index::MaxSimIndex>(IG_TRY(make_scan_index(options)), IG_TRY(make_scan_index(means))));
}

Result<std::unique_ptr<MultiVectorIndex>> map_multi_vector_index(const std::filesystem::path& path) {
  return guard([&] { return index::MaxSimIndex::map_file(path); });
}

}  // namespace isogloss
