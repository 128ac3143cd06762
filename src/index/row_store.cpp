// SPDX-License-Identifier: Apache-2.0
#include "index/row_store.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/assert.hpp"
#include "core/guard.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kMostDim = 65536;

std::size_t element_size(DType dtype) { return dtype == DType::f32 ? 4 : 2; }

std::size_t stride_of(const VectorIndexOptions& options) {
  const std::size_t size = element_size(options.dtype);
  const std::size_t bytes = options.dim * size;
  return bytes >= 512 ? (bytes + 63) / 64 * 64 / size : options.dim;
}

// A row of any float type as f32. out (dim)
void widen(const std::byte* from, DType dtype, std::span<float> out) {
  const auto* narrow = static_cast<const std::uint16_t*>(static_cast<const void*>(from));
  if (dtype == DType::f32) {
    std::memcpy(out.data(), from, out.size() * sizeof(float));
  } else if (dtype == DType::bf16) {
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

}  // namespace

Status check_options(const VectorIndexOptions& options) {
  if (options.dim == 0 || options.dim > kMostDim) {
    return fail(Code::invalid_argument,
                "The dimension of a vector index must be from 1 to 65536, not " + std::to_string(options.dim) + ".");
  }
  if (options.dtype != DType::f32 && options.dtype != DType::bf16) {
    return fail(Code::invalid_argument,
                "A vector index keeps f32 or bf16 rows, not " + std::string(dtype_name(options.dtype)) + ".");
  }
  return {};
}

Status check_stamp(const IndexStamp& stamp) {
  if (stamp.space_id.size() > 64) return fail(Code::invalid_argument, "A space id has at most 64 bytes.");
  return {};
}

RowStore::RowStore(const VectorIndexOptions& options) : options_(options), stride_(stride_of(options)) {}

Result<RowStore> RowStore::map(SectionFile file) {
  Details details;
  std::memcpy(&details, file.footer().details, sizeof details);
  if (details.metric > static_cast<std::uint8_t>(Metric::euclidean) ||
      details.dtype > static_cast<std::uint8_t>(DType::bit)) {
    return file.damaged("its metric or element type is unknown");
  }
  const VectorIndexOptions options{details.dim, static_cast<Metric>(details.metric), static_cast<DType>(details.dtype)};
  if (!check_options(options) || details.stride != stride_of(options)) return file.damaged("its row size is wrong");
  RowStore store(options);
  const std::size_t count = file.footer().count;
  if (count > SIZE_MAX / (details.stride * 4)) return file.damaged("its row count is impossible");
  store.base_ids_ = IG_TRY(file.array<std::int64_t>("ids", count));
  store.base_rows_ = IG_TRY(file.array<std::byte>("rows", count * details.stride * element_size(options.dtype)));
  store.base_removed_ = RowMask(count);
  store.stamp_ = file.stamp();
  store.file_ = std::move(file);
  return store;
}

std::size_t RowStore::row_bytes() const { return stride_ * element_size(options_.dtype); }

RowStore::Details RowStore::details() const {
  return {static_cast<std::uint32_t>(options_.dim),
          static_cast<std::uint32_t>(stride_),
          static_cast<std::uint8_t>(options_.dtype),
          static_cast<std::uint8_t>(options_.metric),
          {}};
}

// The row of an id in the file, unless it was removed.
std::optional<std::size_t> RowStore::base_row(std::int64_t id) const {
  const std::optional<std::size_t> found = SortedIds(base_ids_).row_of(id);
  return found && *found < base_ids_.size() && !base_removed_.contains(*found) ? found : std::nullopt;
}

FlatRows RowStore::base_part(const IdSet* filter) const {
  FlatRows part{base_rows_.data(), base_ids_.size(), options_.dim, stride_, options_.dtype, base_ids_, {}};
  if (filter != nullptr) {
    part.mask = SortedIds(base_ids_).mask(*filter, &base_removed_);
  } else if (removed_ != 0) {
    part.mask = base_removed_;
    part.mask->flip(base_ids_.size());
  }
  return part;
}

FlatRows RowStore::tail_part(const IdSet* filter) const {
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

void RowStore::read_row(const std::byte* kept, std::span<float> out) const { widen(kept, options_.dtype, out); }

Result<std::vector<float>> RowStore::row(std::int64_t id) const {
  std::vector<float> out(options_.dim);
  if (const auto found = tail_row_.find(id); found != tail_row_.end()) {
    read_row(tail_rows_.data() + found->second * row_bytes(), out);
    return out;
  }
  const std::optional<std::size_t> found = base_row(id);
  if (!found) return fail(Code::not_found, "The index holds no vector with id " + std::to_string(id) + ".");
  read_row(base_rows_.data() + *found * row_bytes(), out);
  return out;
}

Result<math::Matrix> RowStore::prepare_queries(VectorsView queries) const {
  if (queries.dtype != DType::f32 || queries.dim != options_.dim) {
    return fail(Code::invalid_argument, "Queries must be f32 vectors of dimension " + std::to_string(options_.dim) +
                                            "; these are " + std::string(dtype_name(queries.dtype)) + " of dimension " +
                                            std::to_string(queries.dim) + ".");
  }
  math::Matrix prepared(queries.rows, options_.dim);
  for (std::size_t q = 0; q < queries.rows; ++q) {
    widen(queries.row_bytes(q), queries.dtype, prepared.row(q));
    IG_TRY(prepare(options_.metric, prepared.row(q), "Query", q));
  }
  return prepared;
}

Status RowStore::check_new(std::span<const std::int64_t> ids, VectorsView rows) const {
  if (rows.rows != ids.size() || rows.dim != options_.dim) {
    return fail(Code::invalid_argument, "The index takes one vector of dimension " + std::to_string(options_.dim) +
                                            " per id; it got " + std::to_string(rows.rows) + " of dimension " +
                                            std::to_string(rows.dim) + " for " + std::to_string(ids.size()) + " ids.");
  }
  if (rows.dtype != DType::f32 && rows.dtype != DType::bf16 && rows.dtype != DType::f16) {
    return fail(Code::invalid_argument,
                "A vector index takes f32, bf16 or f16 vectors, not " + std::string(dtype_name(rows.dtype)) + ".");
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

Status RowStore::add(std::span<const std::int64_t> ids, VectorsView rows, const Context& context) {
  IG_TRY(context.check());
  IG_TRY(check_new(ids, rows));
  math::AlignedVector<std::byte> fresh;
  fresh.assign(ids.size() * row_bytes(), std::byte{0});
  std::vector<float> x(options_.dim);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    widen(rows.row_bytes(i), rows.dtype, x);
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

RowStore::Removed RowStore::remove(std::int64_t id) {
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
    return {Removed::Where::tail, hole, last};
  }
  const std::optional<std::size_t> found = base_row(id);
  if (!found) return {};
  base_removed_.insert(*found);
  ++removed_;
  return {Removed::Where::base, *found, 0};
}

RowStore::Live RowStore::live() const {
  std::vector<std::pair<std::int64_t, const std::byte*>> all;
  all.reserve(size());
  for (std::size_t i = 0; i < base_ids_.size(); ++i) {
    if (!base_removed_.contains(i)) all.emplace_back(base_ids_[i], base_rows_.data() + i * row_bytes());
  }
  for (std::size_t i = 0; i < tail_ids_.size(); ++i) {
    all.emplace_back(tail_ids_[i], tail_rows_.data() + i * row_bytes());
  }
  if (!std::ranges::is_sorted(all)) std::ranges::sort(all);
  Live out;
  out.ids.reserve(all.size());
  out.rows.reserve(all.size());
  for (const auto& [id, bytes] : all) {
    out.ids.push_back(id);
    out.rows.push_back(bytes);
  }
  return out;
}

Status RowStore::write(SectionWriter& writer, const Live& live, const Context& context) const {
  IG_ASSERT(live.ids.size() == size());
  IG_TRY(writer.section<std::int64_t>("ids", live.ids));
  IG_TRY(writer.begin("rows"));
  for (std::size_t i = 0; i < live.rows.size(); ++i) {
    if (i % 4096 == 0) IG_TRY(context.check());
    IG_TRY(writer.write({live.rows[i], row_bytes()}));
  }
  return {};
}

Status StoredIndex::add(std::span<const std::int64_t> ids, VectorsView rows, const Context& context) {
  return guard([&] { return rows_.add(ids, rows, context); });
}

}  // namespace isogloss::index
