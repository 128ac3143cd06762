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

// A row of any type as f32; whole numbers as they are, bits as 1 and -1 (isogloss/vectors.hpp). out (dim)
void widen(const std::byte* from, DType dtype, std::span<float> out) {
  const auto* narrow = static_cast<const std::uint16_t*>(static_cast<const void*>(from));
  switch (dtype) {
    case DType::f32:
      std::memcpy(out.data(), from, out.size() * sizeof(float));
      break;
    case DType::bf16:
      simd::kernels().bf16_to_f32(narrow, out.data(), out.size());
      break;
    case DType::f16:
      simd::kernels().f16_to_f32(narrow, out.data(), out.size());
      break;
    case DType::i8:
      for (std::size_t d = 0; d < out.size(); ++d) out[d] = static_cast<float>(std::to_integer<std::int8_t>(from[d]));
      break;
    case DType::u8:
      for (std::size_t d = 0; d < out.size(); ++d) out[d] = static_cast<float>(std::to_integer<std::uint8_t>(from[d]));
      break;
    case DType::bit:
      for (std::size_t d = 0; d < out.size(); ++d) {
        out[d] = (std::to_integer<unsigned>(from[d / 8]) >> (7 - d % 8) & 1U) != 0 ? 1.0F : -1.0F;
      }
      break;
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

Result<VectorIndexOptions> RowStore::options_of(const SectionFile& file) {
  Details details;
  std::memcpy(&details, file.footer().details, sizeof details);
  if (details.metric > static_cast<std::uint8_t>(Metric::euclidean) ||
      details.dtype > static_cast<std::uint8_t>(DType::bit)) {
    return file.damaged("its metric or element type is unknown");
  }
  const VectorIndexOptions options{details.dim, static_cast<Metric>(details.metric), static_cast<DType>(details.dtype)};
  if (!check_options(options) || details.stride != stride_of(options)) return file.damaged("its row size is wrong");
  return options;
}

Result<RowStore> RowStore::map(std::vector<SectionFile> files) {
  IG_ASSERT(!files.empty());
  RowStore store(IG_TRY(options_of(files.back())));
  store.stamp_ = files.back().stamp();
  for (SectionFile& file : files) {
    const VectorIndexOptions options = IG_TRY(options_of(file));
    if (options.dim != store.options_.dim || options.metric != store.options_.metric ||
        options.dtype != store.options_.dtype) {
      return file.damaged("its rows are of another kind than those of the file that refers to it");
    }
    IG_TRY(store.map_base(std::move(file)));
  }
  return store;
}

Status RowStore::map_base(SectionFile file) {
  const std::size_t count = file.footer().count;
  if (count > SIZE_MAX / (stride_ * 4)) return file.damaged("its row count is impossible");
  const auto ids = IG_TRY(file.array<std::int64_t>("ids", count));
  const auto rows = IG_TRY(file.array<std::byte>("rows", count * row_bytes()));
  bases_.push_back({std::move(file), ids, rows, RowMask(count)});
  return {};
}

Status RowStore::restore_removed(std::size_t base, std::span<const std::uint64_t> words) {
  Base& one = bases_[base];
  if (words.size() != one.removed.words().size()) return one.file.damaged("its removed rows are not those of its rows");
  std::ranges::copy(words, one.removed.words().begin());
  if (const std::size_t beyond = one.ids.size() % 64; beyond != 0) one.removed.words().back() &= (1ULL << beyond) - 1;
  one.removed_count = one.removed.count();
  return {};
}

std::size_t RowStore::live_in_bases(std::size_t first) const {
  std::size_t live = 0;
  for (std::size_t base = first; base < bases_.size(); ++base) {
    live += bases_[base].ids.size() - bases_[base].removed_count;
  }
  return live;
}

std::size_t RowStore::row_bytes() const { return stride_ * element_size(options_.dtype); }

RowStore::Details RowStore::details() const {
  return {static_cast<std::uint32_t>(options_.dim),
          static_cast<std::uint32_t>(stride_),
          static_cast<std::uint8_t>(options_.dtype),
          static_cast<std::uint8_t>(options_.metric),
          {}};
}

// Where an id lives in the files.
std::optional<RowStore::Place> RowStore::base_row(std::int64_t id) const {
  for (std::size_t base = bases_.size(); base-- > 0;) {
    const std::optional<std::size_t> found = SortedIds(bases_[base].ids).row_of(id);
    if (found && *found < bases_[base].ids.size() && !bases_[base].removed.contains(*found)) return Place{base, *found};
  }
  return {};
}

FlatRows RowStore::base_part(std::size_t base, const IdSet* filter) const {
  const Base& one = bases_[base];
  FlatRows part{one.rows.data(), one.ids.size(), options_.dim, stride_, options_.dtype, one.ids, {}};
  if (filter != nullptr) {
    part.mask = SortedIds(one.ids).mask(*filter, &one.removed);
  } else if (one.removed_count != 0) {
    part.mask = one.removed;
    part.mask->flip(one.ids.size());
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

const std::byte* RowStore::kept(std::int64_t id) const {
  if (const auto found = tail_row_.find(id); found != tail_row_.end()) {
    return tail_rows_.data() + found->second * row_bytes();
  }
  const std::optional<Place> found = base_row(id);
  return found ? bases_[found->base].rows.data() + found->row * row_bytes() : nullptr;
}

FlatRows RowStore::run(std::int64_t first, std::size_t count) const {
  const std::optional<Place> found = tail_row_.contains(first) ? std::nullopt : base_row(first);
  if (!found) return {};
  const Base& base = bases_[found->base];
  const std::size_t last = found->row + count - 1;
  // Ids ascend, so as many as there are numbers between the first and the last are all of them.
  if (last >= base.ids.size() || base.ids[last] != first + static_cast<std::int64_t>(count) - 1) return {};
  return {base.rows.data() + found->row * row_bytes(), count, options_.dim, stride_, options_.dtype,
          base.ids.subspan(found->row, count),         {}};
}

Result<std::vector<float>> RowStore::row(std::int64_t id) const {
  const std::byte* from = kept(id);
  if (from == nullptr) return fail(Code::not_found, "The index holds no vector with id " + std::to_string(id) + ".");
  std::vector<float> out(options_.dim);
  read_row(from, out);
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
    return {Removed::Where::tail, 0, hole, last};
  }
  const std::optional<Place> found = base_row(id);
  if (!found) return {};
  bases_[found->base].removed.insert(found->row);
  ++bases_[found->base].removed_count;
  return {Removed::Where::base, found->base, found->row, 0};
}

RowStore::Live RowStore::live(std::size_t first_base) const {
  std::vector<std::pair<std::int64_t, const std::byte*>> all;
  all.reserve(size());
  for (const Base& base : std::span(bases_).subspan(first_base)) {
    for (std::size_t i = 0; i < base.ids.size(); ++i) {
      if (!base.removed.contains(i)) all.emplace_back(base.ids[i], base.rows.data() + i * row_bytes());
    }
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

Status StoredIndex::verify() const {
  for (std::size_t base = 0; base < rows_.bases(); ++base) IG_TRY(rows_.file(base).verify());
  return {};
}

std::vector<std::filesystem::path> StoredIndex::files() const {
  std::vector<std::filesystem::path> out;
  for (std::size_t base = 0; base < rows_.bases(); ++base) out.push_back(rows_.file(base).path());
  return out;
}

}  // namespace isogloss::index
