// SPDX-License-Identifier: Apache-2.0
// The rows of a vector index: mapped files of rows sorted by id, of which some may be marked as removed, and rows added
// since (the tail), kept in memory in any order. Every kind of vector index has one and answers for what it adds to it.
//
// Sections of the file (index/section_file.hpp): "ids" int64 (count), ascending; "rows" (count, stride) elements. A
// row's stride is rounded up to 64 bytes when the row has at least 512 bytes, so that loads stay within cache lines for
// at most an eighth more memory.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "index/flat/flat_scan.hpp"
#include "index/row_mask.hpp"
#include "index/section_file.hpp"
#include "isogloss/index.hpp"
#include "math/matrix.hpp"

namespace isogloss::index {

// Error{invalid_argument}: dim 0 or above 65,536, or a dtype other than f32 and bf16.
Status check_options(const VectorIndexOptions& options);

// Error{invalid_argument}: a space id above 64 bytes.
Status check_stamp(const IndexStamp& stamp);

class RowStore {
 public:
  // REQUIRES: check_options(options).
  explicit RowStore(const VectorIndexOptions& options);
  // A store over files of this kind that were opened, the oldest first; the stamp is that of the last. An id may live
  // in one of them. Error{corrupt_data}. REQUIRES: at least one file.
  static Result<RowStore> map(std::vector<SectionFile> files);

  const VectorIndexOptions& options() const { return options_; }
  std::size_t size() const { return live_in_bases(0) + tail_ids_.size(); }
  const IndexStamp& stamp() const { return stamp_; }
  bool contains(std::int64_t id) const { return tail_row_.contains(id) || base_row(id).has_value(); }
  std::size_t bases() const { return bases_.size(); }  // files
  const SectionFile& file(std::size_t base) const { return bases_[base].file; }
  std::size_t count(std::size_t base) const { return bases_[base].ids.size(); }
  const RowMask& removed(std::size_t base) const { return bases_[base].removed; }
  std::size_t live_in_bases(std::size_t first) const;  // rows of bases [first, ...) that were not removed
  std::size_t tail_size() const { return tail_ids_.size(); }
  std::span<const std::int64_t> ids(std::size_t base) const { return bases_[base].ids; }  // removed ones too
  // The row of an id as it is kept, null when it is not there.
  const std::byte* kept(std::int64_t id) const;
  // The rows of ids first .. first + count - 1, when they stand side by side in a file, else none. REQUIRES: count > 0.
  FlatRows run(std::int64_t first, std::size_t count) const;

  // As VectorIndex::add; the new rows are the last ones of the tail.
  Status add(std::span<const std::int64_t> ids, VectorsView rows, const Context& context);

  // A removed row of the tail is overwritten by the last one.
  struct Removed {
    enum class Where { nowhere, base, tail } where = Where::nowhere;
    std::size_t base = 0;
    std::size_t row = 0;
    std::size_t last = 0;  // of the tail
  };
  Removed remove(std::int64_t id);
  // Marks rows of a base: bits as RowMask has them. Error{corrupt_data}: not as many as the base needs.
  Status restore_removed(std::size_t base, std::span<const std::uint64_t> words);

  // The parts with the rows that may be returned; no mask = all of them.
  FlatRows base_part(std::size_t base, const IdSet* filter) const;
  FlatRows tail_part(const IdSet* filter) const;
  Result<std::vector<float>> row(std::int64_t id) const;  // (dim). Error{not_found}
  // A kept row in f32. out (dim)
  void read_row(const std::byte* kept, std::span<float> out) const;
  // Queries ready to be compared with rows (cosine: of length 1). (q, dim). Error{invalid_argument}
  Result<math::Matrix> prepare_queries(VectorsView queries) const;

  // What lives in bases [first, ...) and the tail, ascending by id.
  struct Live {
    std::vector<std::int64_t> ids;
    std::vector<const std::byte*> rows;  // as kept
  };
  Live live(std::size_t first_base = 0) const;
  // Writes the two sections.
  Status write(SectionWriter& writer, const Live& live, const Context& context) const;

  // The first bytes of the footer's details in every kind.
  struct Details {
    std::uint32_t dim;
    std::uint32_t stride;  // elements
    std::uint8_t dtype;
    std::uint8_t metric;
    std::uint8_t unused[6];
  };
  Details details() const;

 private:
  struct Base {
    SectionFile file;
    std::span<const std::int64_t> ids;  // (count), in the map
    std::span<const std::byte> rows;    // (count, row_bytes), in the map
    RowMask removed;
    std::size_t removed_count = 0;
  };
  struct Place {
    std::size_t base, row;
  };

  static Result<VectorIndexOptions> options_of(const SectionFile& file);
  Status map_base(SectionFile file);
  std::size_t row_bytes() const;
  std::optional<Place> base_row(std::int64_t id) const;
  Status check_new(std::span<const std::int64_t> ids, VectorsView rows) const;

  VectorIndexOptions options_;
  std::size_t stride_;  // elements
  IndexStamp stamp_;
  std::vector<Base> bases_;
  std::vector<std::int64_t> tail_ids_;
  math::AlignedVector<std::byte> tail_rows_;  // (tail, row_bytes)
  std::unordered_map<std::int64_t, std::size_t> tail_row_;
  bool tail_ascends_ = true;
};

// What every vector index over a RowStore answers from it alone.
class StoredIndex : public VectorIndex {
 public:
  const VectorIndexOptions& options() const final { return rows_.options(); }
  std::size_t size() const final { return rows_.size(); }
  const IndexStamp& stamp() const final { return rows_.stamp(); }
  bool contains(std::int64_t id) const final { return rows_.contains(id); }
  Status add(std::span<const std::int64_t> ids, VectorsView rows, const Context& context) final;
  Result<std::vector<float>> row(std::int64_t id) const final { return rows_.row(id); }
  Status verify() const final;
  std::vector<std::filesystem::path> files() const final;
  const RowStore& rows() const { return rows_; }

 protected:
  explicit StoredIndex(RowStore rows) : rows_(std::move(rows)) {}
  RowStore rows_;
};

}  // namespace isogloss::index
