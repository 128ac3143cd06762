// SPDX-License-Identifier: Apache-2.0
// The flat index: a mapped file of rows sorted by id, of which some may be marked as removed, and rows added since,
// kept in memory in any order (a removed one is overwritten by the last). save() writes both as one file.
//
// File (index/section_file.hpp; kind "flat", format 1): "ids" int64 (count), ascending; "rows" (count, stride)
// elements. A row's stride is rounded up to 64 bytes when the row has at least 512 bytes, so that loads stay within
// cache lines for at most an eighth more memory. Opening reads the footer only.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include "core/guard.hpp"
#include "index/flat/flat_scan.hpp"
#include "index/section_file.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::string_view kKind = "flat";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMostDim = 65536;

struct Details {
  std::uint32_t dim;
  std::uint32_t stride;  // elements
  std::uint8_t dtype;
  std::uint8_t metric;
  std::uint8_t unused[6];
};

std::size_t element_size(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

std::size_t stride_of(const VectorIndexOptions& options) {
  const std::size_t size = element_size(options.dtype);
  const std::size_t bytes = options.dim * size;
  return bytes >= 512 ? (bytes + 63) / 64 * 64 / size : options.dim;
}

Status check_options(const VectorIndexOptions& options) {
  if (options.dim == 0 || options.dim > kMostDim) {
    return fail(Code::invalid_argument,
                "The dimension of a vector index must be from 1 to 65536, not " + std::to_string(options.dim) + ".");
  }
  if (options.dtype != DType::f32 && options.dtype != DType::bf16) {
    return fail(Code::invalid_argument,
                "A flat index keeps f32 or bf16 rows, not " + std::string(dtype_name(options.dtype)) + ".");
  }
  return {};
}

// A row of any float type as f32. out (dim)
void widen(VectorsView rows, std::size_t row, std::span<float> out) {
  const std::byte* from = rows.row_bytes(row);
  const auto* narrow = static_cast<const std::uint16_t*>(static_cast<const void*>(from));
  if (rows.dtype == DType::f32) {
    std::memcpy(out.data(), from, out.size() * sizeof(float));
  } else if (rows.dtype == DType::bf16) {
    simd::kernels().bf16_to_f32(narrow, out.data(), out.size());
  } else {
    simd::kernels().f16_to_f32(narrow, out.data(), out.size());
  }
}

// Divides by the length for cosine. Error when a value is not finite. x (dim)
Status prepare(Metric metric, std::span<float> x, std::string_view what, std::size_t number) {
  const float squares = simd::kernels().sum_of_squares(x.data(), x.size());
  if (!std::isfinite(squares)) {
    return fail(
        Code::invalid_argument,
        std::string(what) + " " + std::to_string(number) + " holds a value that is not finite, or is too long for f32.",
        static_cast<std::ptrdiff_t>(number));
  }
  if (metric == Metric::cosine && squares > 0) simd::kernels().scale(1.0F / std::sqrt(squares), x.data(), x.size());
  return {};
}

class FlatIndex final : public VectorIndex {
 public:
  explicit FlatIndex(const VectorIndexOptions& options) : options_(options), stride_(stride_of(options)) {}

  static Result<std::unique_ptr<VectorIndex>> map(const std::filesystem::path& path) {
    SectionFile file = IG_TRY(SectionFile::open(path, kKind, kFormat));
    Details details;
    std::memcpy(&details, file.footer().details, sizeof details);
    if (details.metric > static_cast<std::uint8_t>(Metric::euclidean) ||
        details.dtype > static_cast<std::uint8_t>(DType::bit)) {
      return file.damaged("its metric or element type is unknown");
    }
    const VectorIndexOptions options{details.dim, static_cast<Metric>(details.metric),
                                     static_cast<DType>(details.dtype)};
    if (!check_options(options) || details.stride != stride_of(options)) return file.damaged("its row size is wrong");
    auto index = std::make_unique<FlatIndex>(options);
    const std::size_t count = file.footer().count;
    if (count > SIZE_MAX / (details.stride * 4)) return file.damaged("its row count is impossible");
    index->base_ids_ = IG_TRY(file.array<std::int64_t>("ids", count));
    index->base_rows_ = IG_TRY(file.array<std::byte>("rows", count * details.stride * element_size(options.dtype)));
    index->base_removed_ = RowMask(count);
    index->stamp_ = file.stamp();
    index->file_ = std::move(file);
    return std::unique_ptr<VectorIndex>(std::move(index));
  }

  const VectorIndexOptions& options() const override { return options_; }
  std::size_t size() const override { return base_ids_.size() - removed_ + tail_ids_.size(); }
  const IndexStamp& stamp() const override { return stamp_; }
  bool contains(std::int64_t id) const override { return tail_row_.contains(id) || base_row(id).has_value(); }

  Status add(std::span<const std::int64_t> ids, VectorsView rows, const Context& context) override {
    return guard([&] { return add_rows(ids, rows, context); });
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) count += remove_one(id);
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(VectorsView queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&]() -> Result<std::vector<std::vector<IndexHit>>> {
      if (queries.dtype != DType::f32 || queries.dim != options_.dim) {
        return fail(Code::invalid_argument, "Queries must be f32 vectors of dimension " + std::to_string(options_.dim) +
                                                "; these are " + std::string(dtype_name(queries.dtype)) +
                                                " of dimension " + std::to_string(queries.dim) + ".");
      }
      IG_TRY(context.check());
      math::Matrix prepared(queries.rows, options_.dim);
      for (std::size_t q = 0; q < queries.rows; ++q) {
        widen(queries, q, prepared.row(q));
        IG_TRY(prepare(options_.metric, prepared.row(q), "Query", q));
      }
      const std::array<FlatRows, 2> parts = {base_part(query.filter), tail_part(query.filter)};
      std::size_t scored = 0;
      auto hits = scan(parts, options_.metric, prepared.view(), query.k, context, &scored);
      if (cost != nullptr) {
        cost->plan = query.filter != nullptr ? "flat, picked rows" : "flat";
        cost->matches = queries.rows == 0 ? 0 : scored / queries.rows;
        cost->scored = scored;
      }
      return hits;
    });
  }

  Result<std::vector<float>> row(std::int64_t id) const override {
    std::vector<float> out(options_.dim);
    if (const auto found = tail_row_.find(id); found != tail_row_.end()) {
      widen(kept(tail_rows_.data(), tail_ids_.size()), found->second, out);
      return out;
    }
    const std::optional<std::size_t> found = base_row(id);
    if (!found) return fail(Code::not_found, "The index holds no vector with id " + std::to_string(id) + ".");
    widen(kept(base_rows_.data(), base_ids_.size()), *found, out);
    return out;
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&] { return write(path, stamp, context); });
  }

  Status verify() const override { return file_ ? file_->verify() : Status(); }

 private:
  std::size_t row_bytes() const { return stride_ * element_size(options_.dtype); }
  VectorsView kept(const std::byte* data, std::size_t count) const {
    return {data, count, options_.dim, row_bytes(), options_.dtype};
  }

  // The row of an id in the file, unless it was removed.
  std::optional<std::size_t> base_row(std::int64_t id) const {
    const std::optional<std::size_t> found = SortedIds(base_ids_).row_of(id);
    return found && !base_removed_.contains(*found) ? found : std::nullopt;
  }

  FlatRows base_part(const IdSet* filter) const {
    FlatRows part{base_rows_.data(), base_ids_.size(), options_.dim, stride_, options_.dtype, base_ids_, {}};
    if (filter != nullptr) {
      part.mask = SortedIds(base_ids_).mask(*filter, &base_removed_);
    } else if (removed_ != 0) {
      part.mask = RowMask(base_ids_.size());
      for (std::size_t i = 0; i < base_ids_.size(); ++i) {
        if (!base_removed_.contains(i)) part.mask->insert(i);
      }
    }
    return part;
  }

  FlatRows tail_part(const IdSet* filter) const {
    FlatRows part{tail_rows_.data(), tail_ids_.size(), options_.dim, stride_, options_.dtype, tail_ids_, {}};
    if (filter == nullptr) return part;
    if (tail_ascends_) {
      part.mask = SortedIds(tail_ids_).mask(*filter, nullptr);
      return part;
    }
    part.mask = RowMask(tail_ids_.size());
    for (std::size_t i = 0; i < tail_ids_.size(); ++i) {
      if (filter->contains(tail_ids_[i])) part.mask->insert(i);
    }
    return part;
  }

  Status check_new(std::span<const std::int64_t> ids, VectorsView rows) const {
    if (rows.rows != ids.size() || rows.dim != options_.dim) {
      return fail(Code::invalid_argument, "The index takes one vector of dimension " + std::to_string(options_.dim) +
                                              " per id; it got " + std::to_string(rows.rows) + " of dimension " +
                                              std::to_string(rows.dim) + " for " + std::to_string(ids.size()) +
                                              " ids.");
    }
    if (rows.dtype != DType::f32 && rows.dtype != DType::bf16 && rows.dtype != DType::f16) {
      return fail(Code::invalid_argument,
                  "A flat index takes f32, bf16 or f16 vectors, not " + std::string(dtype_name(rows.dtype)) + ".");
    }
    std::vector<std::int64_t> sorted(ids.begin(), ids.end());
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!contains(ids[i]) && (twice == sorted.end() || ids[i] != *twice)) continue;
      return fail(Code::already_exists,
                  "Id " + std::to_string(ids[i]) + " is in the index already, or given twice. Remove it first.",
                  static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

  Status add_rows(std::span<const std::int64_t> ids, VectorsView rows, const Context& context) {
    IG_TRY(context.check());
    IG_TRY(check_new(ids, rows));
    math::AlignedVector<std::byte> fresh;
    fresh.assign(ids.size() * row_bytes(), std::byte{0});
    std::vector<float> x(options_.dim);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      widen(rows, i, x);
      IG_TRY(prepare(options_.metric, x, "Vector", i));
      std::byte* to = fresh.data() + i * row_bytes();
      if (options_.dtype == DType::f32) {
        std::memcpy(to, x.data(), x.size() * sizeof(float));
      } else {
        simd::kernels().f32_to_bf16(x.data(), static_cast<std::uint16_t*>(static_cast<void*>(to)), x.size());
      }
    }
    tail_rows_.insert(tail_rows_.end(), fresh.begin(), fresh.end());
    for (const std::int64_t id : ids) {
      tail_ascends_ = tail_ascends_ && (tail_ids_.empty() || tail_ids_.back() < id);
      tail_row_.emplace(id, tail_ids_.size());
      tail_ids_.push_back(id);
    }
    return {};
  }

  bool remove_one(std::int64_t id) {
    if (const auto found = tail_row_.find(id); found != tail_row_.end()) {
      const std::size_t hole = found->second;
      const std::size_t last = tail_ids_.size() - 1;
      tail_row_.erase(found);
      if (hole != last) {
        std::memcpy(tail_rows_.data() + hole * row_bytes(), tail_rows_.data() + last * row_bytes(), row_bytes());
        tail_ids_[hole] = tail_ids_[last];
        tail_row_[tail_ids_[hole]] = hole;
        tail_ascends_ = false;
      }
      tail_ids_.pop_back();
      tail_rows_.resize(last * row_bytes());
      return true;
    }
    const std::optional<std::size_t> found = base_row(id);
    if (!found) return false;
    base_removed_.insert(*found);
    ++removed_;
    return true;
  }

  Status write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const {
    if (stamp.space_id.size() > 64) return fail(Code::invalid_argument, "A space id has at most 64 bytes.");
    std::vector<std::pair<std::int64_t, const std::byte*>> live;
    live.reserve(size());
    for (std::size_t i = 0; i < base_ids_.size(); ++i) {
      if (!base_removed_.contains(i)) live.emplace_back(base_ids_[i], base_rows_.data() + i * row_bytes());
    }
    for (std::size_t i = 0; i < tail_ids_.size(); ++i) {
      live.emplace_back(tail_ids_[i], tail_rows_.data() + i * row_bytes());
    }
    if (!std::ranges::is_sorted(live)) std::ranges::sort(live);
    std::vector<std::int64_t> ids;
    for (const auto& [id, bytes] : live) ids.push_back(id);
    SectionWriter writer = IG_TRY(SectionWriter::create(path, kKind, kFormat));
    IG_TRY(writer.section<std::int64_t>("ids", ids));
    IG_TRY(writer.begin("rows"));
    for (std::size_t i = 0; i < live.size(); ++i) {
      if (i % 4096 == 0) IG_TRY(context.check());
      IG_TRY(writer.write({live[i].second, row_bytes()}));
    }
    const Details details{static_cast<std::uint32_t>(options_.dim),
                          static_cast<std::uint32_t>(stride_),
                          static_cast<std::uint8_t>(options_.dtype),
                          static_cast<std::uint8_t>(options_.metric),
                          {}};
    return writer.finish(stamp, live.size(), std::as_bytes(std::span(&details, 1)));
  }

  VectorIndexOptions options_;
  std::size_t stride_;  // elements
  IndexStamp stamp_;
  std::optional<SectionFile> file_;
  std::span<const std::int64_t> base_ids_;  // (count), in the map
  std::span<const std::byte> base_rows_;    // (count, row_bytes), in the map
  RowMask base_removed_;
  std::size_t removed_ = 0;
  std::vector<std::int64_t> tail_ids_;
  math::AlignedVector<std::byte> tail_rows_;  // (tail, row_bytes)
  std::unordered_map<std::int64_t, std::size_t> tail_row_;
  bool tail_ascends_ = true;
};

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<VectorIndex>> make_flat_index(const VectorIndexOptions& options) {
  IG_TRY(index::check_options(options));
  return std::unique_ptr<VectorIndex>(std::make_unique<index::FlatIndex>(options));
}

Result<std::unique_ptr<VectorIndex>> map_flat_index(const std::filesystem::path& path) {
  return guard([&] { return index::FlatIndex::map(path); });
}

}  // namespace isogloss
