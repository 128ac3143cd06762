// SPDX-License-Identifier: Apache-2.0
// The sparse index: rows with float weights behind the postings of the term index.
//
// A column is a term (its number in four bytes), and a weight the count in its posting: w = step * count, rounded up,
// with a step per column that makes the largest weight 255 (columns of an eighth of the rows and more, which the
// postings keep as a byte per row) or 4,095. The score of a posting is count / (count + norm) there; with a norm of
// 2^60 for all that is count / 2^60 to the last bit, so sums are linear. They are upper bounds of the true scores. The
// rows themselves are kept too, and the true scores of some more than k rows are summed from them; when the k-th of
// those is above the bound of every row that is left, they are the best, else more are looked at.
//
// Rows added since the file was saved are scored one by one; save() writes all that lives.
//
// File (kind "sparse", format 1): the sections of postings_file.hpp; "steps" f32 (terms); "starts" u64 (rows + 1),
// "columns" u32, "values" f32 (nonzeros): the rows, ascending by id.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "index/postings/postings_search.hpp"
#include "index/postings/postings_writer.hpp"
#include "math/topk.hpp"

namespace isogloss::index {
namespace {

constexpr std::string_view kKind = "sparse";
constexpr std::uint32_t kFormat = 1;
constexpr double kNorm = 0x1p60;
constexpr std::uint32_t kDenseCount = 255;
constexpr std::uint32_t kCount = 4095;
constexpr std::size_t kDenseShare = 8;  // as in postings_writer.cpp
constexpr std::size_t kMoreFirst = 32;  // rows beyond 2 k whose true scores are summed at first

struct Details {
  PostingsDetails postings;
  std::uint64_t dim;
  std::uint32_t metric;
  std::uint32_t unused;
};

std::string_view as_term(const std::uint32_t& column) {
  return {static_cast<const char*>(static_cast<const void*>(&column)), sizeof column};
}

double dot(SparseRow a, SparseRow b) {
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < a.columns.size() && j < b.columns.size();) {
    if (a.columns[i] == b.columns[j]) sum += static_cast<double>(a.values[i]) * static_cast<double>(b.values[j]);
    const bool first = a.columns[i] <= b.columns[j];
    const bool second = b.columns[j] <= a.columns[i];
    i += first ? 1 : 0;
    j += second ? 1 : 0;
  }
  return sum;
}

bool share_a_column(SparseRow a, SparseRow b) {
  return std::ranges::any_of(a.columns, [&](std::uint32_t c) { return std::ranges::binary_search(b.columns, c); });
}

// A row as it is kept: without zeros, of length 1 for cosine.
struct OwnRow {
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
  SparseRow view() const { return {columns, values}; }
};

Result<OwnRow> prepared(SparseRow row, Metric metric, std::string_view what, std::size_t number) {
  OwnRow out;
  double squares = 0;
  for (std::size_t i = 0; i < row.columns.size(); ++i) {
    if (!(row.values[i] >= 0) || !std::isfinite(row.values[i])) {
      return fail(Code::invalid_argument,
                  std::string(what) + " " + std::to_string(number) + " has the weight " +
                      std::to_string(row.values[i]) + " in column " + std::to_string(row.columns[i]) +
                      "; a sparse index takes finite weights, 0 or more.",
                  static_cast<std::ptrdiff_t>(number));
    }
    if (row.values[i] == 0) continue;
    out.columns.push_back(row.columns[i]);
    out.values.push_back(row.values[i]);
    squares += static_cast<double>(row.values[i]) * static_cast<double>(row.values[i]);
  }
  if (metric == Metric::cosine && squares > 0) {
    const double inverse = 1 / std::sqrt(squares);
    for (float& value : out.values) value = static_cast<float>(static_cast<double>(value) * inverse);
  }
  return out;
}

// Rows of a file that was mapped.
class FileRows {
 public:
  static Result<FileRows> map(const PostingsFile& file, std::size_t dim) {
    FileRows out;
    const SectionFile& sections = file.file();
    out.starts_ = IG_TRY(sections.array<std::uint64_t>("starts", file.size() + 1));
    out.columns_ = IG_TRY(sections.array<std::uint32_t>("columns"));
    out.values_ = IG_TRY(sections.array<float>("values", out.columns_.size()));
    out.steps_ = IG_TRY(sections.array<float>("steps", file.terms()));
    if (out.starts_.front() != 0 || out.starts_.back() != out.columns_.size() || !std::ranges::is_sorted(out.starts_) ||
        std::ranges::any_of(out.columns_, [&](std::uint32_t column) { return column >= dim; })) {
      return sections.damaged("its rows lie outside of it");
    }
    return out;
  }
  SparseRow row(std::size_t number) const {
    const std::size_t begin = starts_[number];
    const std::size_t size = starts_[number + 1] - begin;
    return {columns_.subspan(begin, size), values_.subspan(begin, size)};
  }
  float step(std::uint32_t term) const { return steps_[term]; }

 private:
  std::span<const std::uint64_t> starts_;
  std::span<const std::uint32_t> columns_;
  std::span<const float> values_;
  std::span<const float> steps_;
};

// Adds the list of every column that some row has; returns the steps. rows (n)
std::vector<float> add_lists(std::span<const SparseRow> rows, PostingsWriter& writer) {
  std::map<std::uint32_t, std::vector<std::pair<std::uint32_t, float>>> lists;  // by column: row, weight
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].columns.size(); ++j) {
      lists[rows[i].columns[j]].emplace_back(static_cast<std::uint32_t>(i), rows[i].values[j]);
    }
  }
  std::vector<float> steps;
  std::vector<std::uint32_t> documents, counts;
  for (const auto& [column, list] : lists) {
    float largest = 0;
    for (const auto& [row, weight] : list) largest = std::max(largest, weight);
    const std::uint32_t most = list.size() * kDenseShare >= rows.size() ? kDenseCount : kCount;
    // Largest weight / most, made larger by rounding, never smaller; weights too small for a step of their own count 1.
    const float step = std::max(std::nextafter(largest / static_cast<float>(most), INFINITY), 1e-38F);
    documents.clear();
    counts.clear();
    for (const auto& [row, weight] : list) {
      const double count = std::ceil(static_cast<double>(weight) / static_cast<double>(step));
      documents.push_back(row);
      counts.push_back(static_cast<std::uint32_t>(std::clamp(count, 1.0, static_cast<double>(most))));
    }
    writer.add(as_term(column), documents, counts);
    steps.push_back(step);
  }
  return steps;
}

class PostedIndex final : public SparseIndex {
 public:
  explicit PostedIndex(const SparseIndexOptions& options) : options_(options) {}

  static Result<std::unique_ptr<SparseIndex>> map_file(const std::filesystem::path& path) {
    PostingsFile file = IG_TRY(PostingsFile::read(IG_TRY(SectionFile::open(path, kKind, kFormat))));
    Details details;
    static_assert(sizeof details <= sizeof(SectionFooter::details));
    std::memcpy(&details, file.file().footer().details, sizeof details);
    const SparseIndexOptions options{details.dim, static_cast<Metric>(details.metric)};
    if (details.metric > static_cast<std::uint32_t>(Metric::dot) || details.dim == 0 || details.dim >= ~0U) {
      return file.file().damaged("its metric or dimension is impossible");
    }
    auto index = std::make_unique<PostedIndex>(options);
    index->file_rows_ = IG_TRY(FileRows::map(file, options.dim));
    index->stamp_ = file.file().stamp();
    index->removed_ = RowMask(file.size());
    index->norms_.assign(file.size(), static_cast<float>(kNorm));
    index->file_ = std::move(file);
    return std::unique_ptr<SparseIndex>(std::move(index));
  }

  const SparseIndexOptions& options() const override { return options_; }
  std::size_t size() const override { return file_size() - removed_count_ + tail_ids_.size(); }
  const IndexStamp& stamp() const override { return stamp_; }
  bool contains(std::int64_t id) const override { return tail_row_.contains(id) || file_row(id).has_value(); }
  Status verify() const override { return file_ ? file_->file().verify() : Status(); }

  Status add(std::span<const std::int64_t> ids, const Vectors& rows, const Context& context) override {
    return guard([&]() -> Status {
      IG_TRY(context.check());
      IG_TRY(check_shape(rows, "rows"));
      if (rows.rows() != ids.size()) {
        return fail(Code::invalid_argument, "The index takes one row per id; it got " + std::to_string(rows.rows()) +
                                                " for " + std::to_string(ids.size()) + " ids.");
      }
      std::unordered_set<std::int64_t> given;
      std::vector<OwnRow> fresh;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (contains(ids[i]) || !given.insert(ids[i]).second) {
          return fail(Code::already_exists,
                      "Id " + std::to_string(ids[i]) + " is in the index already, or given twice. Remove it first.",
                      static_cast<std::ptrdiff_t>(i));
        }
        fresh.push_back(IG_TRY(prepared(rows.row_sparse(i), options_.metric, "Row", i)));
      }
      for (std::size_t i = 0; i < ids.size(); ++i) {
        tail_row_.emplace(ids[i], tail_ids_.size());
        tail_ids_.push_back(ids[i]);
        tail_rows_.push_back(std::move(fresh[i]));
      }
      return {};
    });
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) count += remove_one(id) ? 1 : 0;
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(const Vectors& queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&] { return search_all(queries, query, context, cost); });
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&] { return write(path, stamp, context); });
  }

 private:
  std::size_t file_size() const { return file_ ? file_->size() : 0; }
  std::optional<std::size_t> file_row(std::int64_t id) const {
    if (!file_) return std::nullopt;
    const std::optional<std::size_t> row = SortedIds(file_->ids()).row_of(id);
    return row && *row < file_size() && !removed_.contains(*row) ? row : std::nullopt;
  }

  Status check_shape(const Vectors& rows, std::string_view what) const {
    if (rows.is_sparse() && rows.dim() == options_.dim) return {};
    return fail(Code::invalid_argument, "A sparse index of dimension " + std::to_string(options_.dim) +
                                            " takes sparse " + std::string(what) + " of this dimension, not " +
                                            (rows.is_sparse() ? "of " : "dense ones of ") + std::to_string(rows.dim()) +
                                            ".");
  }

  bool remove_one(std::int64_t id) {
    if (const auto found = tail_row_.find(id); found != tail_row_.end()) {
      const std::size_t hole = found->second;
      tail_row_.erase(found);
      if (hole + 1 != tail_ids_.size()) {
        tail_ids_[hole] = tail_ids_.back();
        tail_rows_[hole] = std::move(tail_rows_.back());
        tail_row_[tail_ids_[hole]] = hole;
      }
      tail_ids_.pop_back();
      tail_rows_.pop_back();
      return true;
    }
    const std::optional<std::size_t> row = file_row(id);
    if (!row) return false;
    removed_.insert(*row);
    ++removed_count_;
    return true;
  }

  // Rows of the file that may be returned; none = all.
  std::optional<RowMask> allowed(const IdSet* filter) const {
    if (!file_ || (filter == nullptr && removed_count_ == 0)) return std::nullopt;
    if (filter != nullptr) return SortedIds(file_->ids()).mask(*filter, &removed_);
    RowMask mask = removed_;
    mask.flip(file_size());
    return mask;
  }

  Result<std::vector<std::vector<IndexHit>>> search_all(const Vectors& queries, const IndexQuery& query,
                                                        const Context& context, IndexCost* cost) const;
  void search_tail(SparseRow q, const IdSet* filter, math::TopK& best, std::size_t& scored) const;
  Status search_file(SparseRow q, const RowMask* mask, std::size_t k, math::TopK& best, std::size_t& scored) const;
  Status write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const;

  SparseIndexOptions options_;
  IndexStamp stamp_;
  std::optional<PostingsFile> file_;
  FileRows file_rows_;
  std::vector<float> norms_;  // (rows of the file) kNorm
  RowMask removed_;           // rows of the file
  std::size_t removed_count_ = 0;
  std::vector<std::int64_t> tail_ids_;
  std::vector<OwnRow> tail_rows_;
  std::unordered_map<std::int64_t, std::size_t> tail_row_;
};

void PostedIndex::search_tail(SparseRow q, const IdSet* filter, math::TopK& best, std::size_t& scored) const {
  for (std::size_t i = 0; i < tail_ids_.size(); ++i) {
    if (filter != nullptr && !filter->contains(tail_ids_[i])) continue;
    const SparseRow row = tail_rows_[i].view();
    ++scored;
    if (share_a_column(q, row)) best.push(static_cast<float>(dot(q, row)), tail_ids_[i]);
  }
}

Status PostedIndex::search_file(SparseRow q, const RowMask* mask, std::size_t k, math::TopK& best,
                                std::size_t& scored) const {
  std::vector<QueryList> lists;
  double largest = 0;
  for (std::size_t i = 0; i < q.columns.size(); ++i) {
    const std::optional<std::uint32_t> term = file_->find(as_term(q.columns[i]));
    if (!term) continue;
    const double weight = static_cast<double>(q.values[i]) * static_cast<double>(file_rows_.step(*term));
    lists.push_back({*term, weight * kNorm});
    largest += weight * kCount;
  }
  if (!(largest > 0)) return {};
  const ScoreScale scale(largest);
  for (std::size_t look = std::min(2 * k + kMoreFirst, file_size());; look = std::min(4 * look, file_size())) {
    math::TopK bounds(look);
    IG_TRY(search_postings(*file_, lists, norms_.data(), 1.0F, scale, mask, bounds, &scored));
    const std::vector<math::Scored> found = bounds.take();
    math::TopK sums = best;
    for (const math::Scored& one : found) {
      const std::optional<std::size_t> row = SortedIds(file_->ids()).row_of(one.id);
      if (row && *row < file_size()) sums.push(static_cast<float>(dot(q, file_rows_.row(*row))), one.id);
    }
    scored += found.size();
    // A row that was not found has at most the last one's points; a posting is rounded by half a point and 2^-22 of it.
    const double left = found.empty() ? 0 : static_cast<double>(found.back().score);
    const double bound = left * (1 + 1e-6) + static_cast<double>(lists.size()) * static_cast<double>(scale.score(1));
    if (found.size() < look || look == file_size() || static_cast<double>(sums.threshold()) > bound) {
      best = std::move(sums);
      return {};
    }
  }
}

Result<std::vector<std::vector<IndexHit>>> PostedIndex::search_all(const Vectors& queries, const IndexQuery& query,
                                                                   const Context& context, IndexCost* cost) const {
  IG_TRY(context.check());
  IG_TRY(check_shape(queries, "queries"));
  std::vector<OwnRow> asked;
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    asked.push_back(IG_TRY(prepared(queries.row_sparse(i), options_.metric, "Query", i)));
  }
  const std::optional<RowMask> mask = allowed(query.filter);
  const std::size_t k = std::min(query.k, size());
  std::vector<std::vector<IndexHit>> hits(asked.size());
  std::vector<std::size_t> scored(asked.size());
  std::vector<Status> done(asked.size());
  if (k > 0) {
    parallel_for(context, asked.size(), 1, [&](std::size_t i, std::size_t) {
      math::TopK best(k);
      search_tail(asked[i].view(), query.filter, best, scored[i]);
      if (file_) done[i] = search_file(asked[i].view(), mask ? &*mask : nullptr, k, best, scored[i]);
      for (const math::Scored& one : best.take()) {
        if (one.score >= query.at_least) hits[i].push_back({one.id, one.score});
      }
    });
  }
  for (const Status& one : done) IG_TRY(one);
  if (cost != nullptr) {
    *cost = {};
    cost->plan = "postings";
    for (const std::int64_t id : tail_ids_) cost->matches += query.filter == nullptr || query.filter->contains(id);
    cost->matches += mask ? mask->count() : file_size();
    for (const std::size_t one : scored) cost->scored += one;
  }
  return hits;
}

Status PostedIndex::write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const {
  if (stamp.space_id.size() > 64) return fail(Code::invalid_argument, "A space id has at most 64 bytes.");
  std::vector<std::pair<std::int64_t, SparseRow>> live;
  for (std::size_t i = 0; i < file_size(); ++i) {
    if (!removed_.contains(i)) live.emplace_back(file_->ids()[i], file_rows_.row(i));
  }
  for (std::size_t i = 0; i < tail_ids_.size(); ++i) live.emplace_back(tail_ids_[i], tail_rows_[i].view());
  if (live.size() >= ~0U) return fail(Code::unsupported, "A sparse index holds fewer than 4,294,967,295 rows.");
  std::ranges::sort(live, {}, [](const auto& one) { return one.first; });
  std::vector<std::int64_t> ids;
  std::vector<SparseRow> rows;
  std::vector<std::uint64_t> starts = {0};
  for (const auto& [id, row] : live) {
    ids.push_back(id);
    rows.push_back(row);
    starts.push_back(starts.back() + row.columns.size());
  }
  IG_TRY(context.check());
  PostingsWriter postings({kNorm, 0.0, LengthNorm::exact}, std::move(ids), std::vector<std::uint32_t>(rows.size()));
  const std::vector<float> steps = add_lists(rows, postings);
  IG_TRY(context.check());
  SectionWriter writer = IG_TRY(SectionWriter::create(path, kKind, kFormat));
  IG_TRY(postings.write(writer));
  IG_TRY(writer.section<float>("steps", steps));
  IG_TRY(writer.section<std::uint64_t>("starts", starts));
  IG_TRY(writer.begin("columns"));
  for (const SparseRow& row : rows) IG_TRY(writer.write_array<std::uint32_t>(row.columns));
  IG_TRY(writer.begin("values"));
  for (const SparseRow& row : rows) IG_TRY(writer.write_array<float>(row.values));
  const Details details{postings.details(), options_.dim, static_cast<std::uint32_t>(options_.metric), 0};
  return writer.finish(stamp, rows.size(), std::as_bytes(std::span(&details, 1)));
}

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<SparseIndex>> make_sparse_index(const SparseIndexOptions& options) {
  if (options.dim == 0 || options.dim >= ~0U) {
    return fail(Code::invalid_argument, "The dimension of a sparse index must be from 1 to 4294967294, not " +
                                            std::to_string(options.dim) + ".");
  }
  if (options.metric != Metric::dot && options.metric != Metric::cosine) {
    return fail(Code::invalid_argument,
                "A sparse index ranks by dot or cosine, not by " + std::string(metric_name(options.metric)) + ".");
  }
  return std::unique_ptr<SparseIndex>(std::make_unique<index::PostedIndex>(options));
}

Result<std::unique_ptr<SparseIndex>> map_sparse_index(const std::filesystem::path& path) {
  return guard([&] { return index::PostedIndex::map_file(path); });
}

}  // namespace isogloss
