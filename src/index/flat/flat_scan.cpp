// SPDX-License-Identifier: Apache-2.0
// Two ways through the rows.
//
// One query (or a few) reads every row once with the row kernels of simd/: memory bandwidth is the limit (Zen 5, one
// core: 36 of 39 GB/s).
//
// Many queries are a matrix product: 256 rows at a time (in place when they are f32 and unfiltered, else gathered into
// a buffer) times the packed queries. A product rounds differently from the row kernel, and results must not depend on
// what else is in the batch; so the product only proposes k + 16 candidates per query, the row kernel scores those, and
// the answer stands if no row outside can reach it: outside rows have at most the worst candidate's proposed score plus
// the rounding bound of both sums. If that cannot be shown (many rows nearly equal), the query runs alone.
//
// The product ranks by q.x, or by q.x - |x|^2 / 2 for Euclidean distance, since -|q - x|^2 = 2 (q.x - |x|^2/2) - |q|^2.
//
// Threads: blocks of rows keep their own best lists and share, per query, the best threshold seen so far. The threshold
// never exceeds the final k-th best score and equal scores pass it, so it decides how much is skipped, not what is
// found.
#include "index/flat/flat_scan.hpp"

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>

#include "core/parallel.hpp"
#include "math/gemm.hpp"
#include "math/topk.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kTaskRows = 8192;
constexpr std::size_t kStepRows = 256;       // scores of one query at a time; rows of one product
constexpr std::size_t kFewQueries = 4;       // below this the rows are read query by query
constexpr std::size_t kQueriesAtOnce = 512;  // of one product
constexpr std::size_t kSpare = 16;           // candidates beyond k

// The k best of one query, filled by several tasks.
class SharedBest {
 public:
  explicit SharedBest(std::size_t k, float least = -INFINITY) : best_(k), least_(least), threshold_(least) {}
  float threshold() const { return threshold_.load(std::memory_order_relaxed); }
  void merge(const math::TopK& part) {
    const std::lock_guard lock(mutex_);
    best_.merge(part);
    threshold_.store(std::max(least_, best_.threshold()), std::memory_order_relaxed);
  }
  std::vector<math::Scored> take() { return best_.take(); }

 private:
  std::mutex mutex_;
  math::TopK best_;
  float least_;
  std::atomic<float> threshold_;
};

const float* floats(const FlatRows& rows, std::size_t row) {
  return static_cast<const float*>(static_cast<const void*>(rows.data)) + row * rows.stride;
}
const std::uint16_t* halves(const FlatRows& rows, std::size_t row) {
  return static_cast<const std::uint16_t*>(static_cast<const void*>(rows.data)) + row * rows.stride;
}

// Rows [begin, end) of a part, in steps: visit(first, picks, count); picks is empty when the step is whole.
template <class Visit>
void for_each_step(const FlatRows& rows, std::size_t begin, std::size_t end, const Visit& visit) {
  std::vector<std::uint32_t> picks;
  if (!rows.mask) {
    for (std::size_t first = begin; first < end; first += kStepRows) {
      visit(first, std::span<const std::uint32_t>(), std::min(kStepRows, end - first));
    }
    return;
  }
  rows.mask->rows_between(begin, end, picks);
  for (std::size_t at = 0; at < picks.size(); at += kStepRows) {
    const std::span<const std::uint32_t> step =
        std::span<const std::uint32_t>(picks).subspan(at, std::min(kStepRows, picks.size() - at));
    visit(step.front(), step, step.size());
  }
}

// scores[i] belongs to row picks[i] or first + i; those that may be among the best are pushed with the row's id.
void push_scores(std::span<const float> scores, const FlatRows& rows, std::size_t first,
                 std::span<const std::uint32_t> picks, float shared, math::TopK& best) {
  const simd::Kernels& k = simd::kernels();
  for (std::size_t i = 0;; ++i) {
    i += k.find_at_least(scores.data() + i, scores.size() - i, std::max(shared, best.threshold()));
    if (i >= scores.size()) return;
    best.push(scores[i], rows.ids[picks.empty() ? first + i : picks[i]]);
  }
}

// Blocks of all parts as one list of tasks.
struct Task {
  const FlatRows* rows;
  std::size_t begin, end;
};
std::vector<Task> tasks_of(std::span<const FlatRows> parts) {
  std::vector<Task> tasks;
  for (const FlatRows& part : parts) {
    for (std::size_t begin = 0; begin < part.count; begin += kTaskRows) {
      tasks.push_back({&part, begin, std::min(begin + kTaskRows, part.count)});
    }
  }
  return tasks;
}

std::vector<IndexHit> as_hits(const std::vector<math::Scored>& best) {
  std::vector<IndexHit> hits;
  hits.reserve(best.size());
  for (const math::Scored& entry : best) hits.push_back({entry.id, entry.score});
  return hits;
}

// Queries one after another over each step of rows, which stays in the cache meanwhile.
std::vector<std::vector<IndexHit>> scan_few(std::span<const FlatRows> parts, Metric metric, math::MatrixView queries,
                                            std::size_t k, float least, const Context& context) {
  const std::vector<Task> tasks = tasks_of(parts);
  std::vector<std::unique_ptr<SharedBest>> shared;
  for (std::size_t q = 0; q < queries.rows; ++q) shared.push_back(std::make_unique<SharedBest>(k, least));
  parallel_for(context, tasks.size(), 1, [&](std::size_t t, std::size_t) {
    const FlatRows& rows = *tasks[t].rows;
    std::vector<math::TopK> best(queries.rows, math::TopK(k));
    float scores[kStepRows];
    for_each_step(rows, tasks[t].begin, tasks[t].end, [&](std::size_t first, auto picks, std::size_t count) {
      for (std::size_t q = 0; q < queries.rows; ++q) {
        const std::span<float> part(scores, count);
        score_rows(rows, metric, queries.row(q), first, picks, part);
        push_scores(part, rows, first, picks, shared[q]->threshold(), best[q]);
      }
    });
    for (std::size_t q = 0; q < queries.rows; ++q) shared[q]->merge(best[q]);
  });
  std::vector<std::vector<IndexHit>> out;
  for (auto& entry : shared) out.push_back(as_hits(entry->take()));
  return out;
}

// Where a candidate lies: part and row in one number, which ranks as its place in the parts.
std::int64_t place_of(std::size_t part, std::size_t row) { return static_cast<std::int64_t>(part << 40 | row); }
std::size_t part_of(std::int64_t place) { return static_cast<std::size_t>(place) >> 40; }
std::size_t row_of(std::int64_t place) { return static_cast<std::size_t>(place) & ((std::size_t{1} << 40) - 1); }

class BatchScan {
 public:
  BatchScan(std::span<const FlatRows> parts, Metric metric, math::MatrixView queries, std::size_t k,
            const Context& context)
      : parts_(parts), metric_(metric), queries_(queries), k_(k), context_(context), packed_(queries.transposed()) {
    for (std::size_t q = 0; q < queries.rows; ++q) shared_.push_back(std::make_unique<SharedBest>(k + kSpare));
  }

  std::vector<std::vector<IndexHit>> run() {
    const std::vector<Task> tasks = tasks_of(parts_);
    std::vector<float> norms(tasks.size());
    parallel_for(context_, tasks.size(), 1, [&](std::size_t t, std::size_t) { norms[t] = propose(tasks[t]); });
    for (const float norm : norms) largest_norm_ = std::max(largest_norm_, norm);
    std::vector<std::vector<IndexHit>> out(queries_.rows);
    parallel_for(context_, queries_.rows, 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t q = begin; q < end; ++q) out[q] = decide(q);
    });
    return out;
  }

 private:
  // Proposes candidates from one block of rows; returns the largest |x|^2 in it.
  float propose(const Task& task) {
    const FlatRows& rows = *task.rows;
    const std::size_t part = static_cast<std::size_t>(task.rows - parts_.data());
    std::vector<math::TopK> best(queries_.rows, math::TopK(k_ + kSpare));
    std::vector<float> limits(queries_.rows);
    for (std::size_t q = 0; q < limits.size(); ++q) limits[q] = shared_[q]->threshold();
    math::AlignedVector<float> buffer(kStepRows * rows.dim);
    math::AlignedVector<float> scores(kStepRows * queries_.rows);
    float largest = 0;
    for_each_step(rows, task.begin, task.end, [&](std::size_t first, auto picks, std::size_t count) {
      const math::MatrixView block = gather(rows, first, picks, count, buffer);
      const math::MutableMatrixView c{scores.data(), count, queries_.rows, queries_.rows, 1};
      largest = std::max(largest, start_scores(block, c));
      math::gemm(block, packed_, c, math::Write::add, Context{});
      for (std::size_t i = 0; i < count; ++i) {
        push_row(c.row(i), place_of(part, picks.empty() ? first + i : picks[i]), limits, best);
      }
    });
    for (std::size_t q = 0; q < queries_.rows; ++q) shared_[q]->merge(best[q]);
    return largest;
  }

  // Rows as f32 with contiguous columns: in place, or gathered into the buffer.
  static math::MatrixView gather(const FlatRows& rows, std::size_t first, std::span<const std::uint32_t> picks,
                                 std::size_t count, math::AlignedVector<float>& buffer) {
    if (rows.dtype == DType::f32 && picks.empty()) return {floats(rows, first), count, rows.dim, rows.stride, 1};
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = picks.empty() ? first + i : picks[i];
      float* to = buffer.data() + i * rows.dim;
      if (rows.dtype == DType::f32) {
        std::copy_n(floats(rows, row), rows.dim, to);
      } else {
        simd::kernels().bf16_to_f32(halves(rows, row), to, rows.dim);
      }
    }
    return {buffer.data(), count, rows.dim, rows.dim, 1};
  }

  // Sets each row of scores to what the product is added to; returns the largest |x|^2.
  float start_scores(math::MatrixView block, math::MutableMatrixView scores) const {
    float largest = 0;
    for (std::size_t i = 0; i < block.rows; ++i) {
      const float norm = simd::kernels().sum_of_squares(block.row(i).data(), block.columns);
      largest = std::max(largest, norm);
      std::ranges::fill(scores.row(i), metric_ == Metric::euclidean ? -0.5F * norm : 0.0F);
    }
    return largest;
  }

  void push_row(std::span<const float> scores, std::int64_t place, std::vector<float>& limits,
                std::vector<math::TopK>& best) const {
    const simd::Kernels& k = simd::kernels();
    for (std::size_t q = 0;; ++q) {
      q = k.find_reaching(scores.data(), limits.data(), q, scores.size());
      if (q >= scores.size()) return;
      best[q].push(scores[q], place);
      limits[q] = std::max(limits[q], best[q].threshold());
    }
  }

  // The answer of one query from its candidates.
  std::vector<IndexHit> decide(std::size_t q) {
    const std::span<const float> query = queries_.row(q);
    const std::vector<math::Scored> candidates = shared_[q]->take();
    math::TopK best(k_);
    for (const math::Scored& candidate : candidates) {
      const FlatRows& rows = parts_[part_of(candidate.id)];
      const std::size_t row = row_of(candidate.id);
      float score;
      score_rows(rows, metric_, query, row, {}, {&score, 1});
      best.push(score, rows.ids[row]);
    }
    if (candidates.size() < k_ + kSpare || best.threshold() > highest_outside(query, candidates.back().score)) {
      return as_hits(best.take());
    }
    return scan_few(parts_, metric_, queries_.middle_rows(q, 1), k_, -INFINITY, Context{}).front();
  }

  // No row that was not proposed has a score above this. `worst` = proposed score of the last candidate.
  double highest_outside(std::span<const float> query, double worst) const {
    const double n = static_cast<double>(query.size()) + 8;
    const double q = std::sqrt(simd::kernels().sum_of_squares(query.data(), query.size()));
    const double x = std::sqrt(largest_norm_);
    if (metric_ != Metric::euclidean) return worst + 2 * n * 0x1p-24 * q * x;
    return 2 * worst - q * q + 8 * n * 0x1p-24 * (q + x) * (q + x);
  }

  std::span<const FlatRows> parts_;
  Metric metric_;
  math::MatrixView queries_;
  std::size_t k_;
  const Context& context_;
  math::PackedRight packed_;
  std::vector<std::unique_ptr<SharedBest>> shared_;
  float largest_norm_ = 0;
};

}  // namespace

void score_rows(const FlatRows& rows, Metric metric, std::span<const float> query, std::size_t first,
                std::span<const std::uint32_t> picks, std::span<float> scores) {
  const simd::Kernels& k = simd::kernels();
  const std::size_t start = picks.empty() ? first : 0;
  const std::uint32_t* chosen = picks.empty() ? nullptr : picks.data();
  const bool distance = metric == Metric::euclidean;
  if (rows.dtype == DType::f32) {
    (distance ? k.distance_rows_f32 : k.dot_rows_f32)(query.data(), floats(rows, start), rows.stride, chosen,
                                                      scores.size(), rows.dim, scores.data());
  } else {
    (distance ? k.distance_rows_bf16 : k.dot_rows_bf16)(query.data(), halves(rows, start), rows.stride, chosen,
                                                        scores.size(), rows.dim, scores.data());
  }
  if (distance) k.scale(-1.0F, scores.data(), scores.size());
}

std::vector<std::vector<IndexHit>> scan(std::span<const FlatRows> parts, Metric metric, math::MatrixView queries,
                                        std::size_t k, float least, const Context& context, std::size_t* scored) {
  std::size_t rows = 0;
  for (const FlatRows& part : parts) rows += part.mask ? part.mask->count() : part.count;
  *scored = rows * queries.rows;
  const std::size_t found = std::min(k, rows);
  if (found == 0) return std::vector<std::vector<IndexHit>>(queries.rows);
  // With k near the number of rows everything is a candidate, and the product decides nothing.
  if (queries.rows < kFewQueries || rows < 4 * (k + kSpare)) {
    return scan_few(parts, metric, queries, found, least, context);
  }
  std::vector<std::vector<IndexHit>> out;
  for (std::size_t first = 0; first < queries.rows; first += kQueriesAtOnce) {
    const math::MatrixView some = queries.middle_rows(first, std::min(kQueriesAtOnce, queries.rows - first));
    for (auto& hits : BatchScan(parts, metric, some, found, context).run()) {
      std::erase_if(hits, [&](const IndexHit& hit) { return hit.score < least; });
      out.push_back(std::move(hits));
    }
  }
  return out;
}

}  // namespace isogloss::index
