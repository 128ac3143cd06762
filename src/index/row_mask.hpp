// SPDX-License-Identifier: Apache-2.0
// Rows of a sorted list of ids: which row an id has, and a filter of ids as a bitmap of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "isogloss/index.hpp"

namespace isogloss::index {

// One bit per row.
class RowMask {
 public:
  RowMask() = default;
  explicit RowMask(std::size_t rows) : words_((rows + 63) / 64) {}
  bool contains(std::size_t row) const { return (words_[row >> 6] >> (row & 63) & 1) != 0; }
  void insert(std::size_t row) { words_[row >> 6] |= 1ULL << (row & 63); }
  void erase(std::size_t row) { words_[row >> 6] &= ~(1ULL << (row & 63)); }
  std::span<const std::uint64_t> words() const { return words_; }
  std::span<std::uint64_t> words() { return words_; }
  std::size_t count() const;
  void flip(std::size_t rows);  // of a mask of `rows` rows
  // Rows set in [begin, end), ascending, appended to out.
  void rows_between(std::size_t begin, std::size_t end, std::vector<std::uint32_t>& out) const;
  std::size_t count_between(std::size_t begin, std::size_t end) const;

 private:
  std::vector<std::uint64_t> words_;
};

// Ids in somebody's memory, ascending and without repetition. (n)
class SortedIds {
 public:
  SortedIds() = default;
  explicit SortedIds(std::span<const std::int64_t> ids) : ids_(ids) {}
  std::size_t size() const { return ids_.size(); }
  std::int64_t operator[](std::size_t row) const { return ids_[row]; }
  std::optional<std::size_t> row_of(std::int64_t id) const;
  // Rows whose id is in the filter and that are not in `removed` (empty = none is removed).
  RowMask mask(const IdSet& filter, const RowMask* removed) const;

 private:
  bool without_gaps() const {
    return !ids_.empty() && static_cast<std::uint64_t>(ids_.back()) - static_cast<std::uint64_t>(ids_.front()) ==
                                static_cast<std::uint64_t>(ids_.size() - 1);
  }
  void mask_shifted(const IdSet& filter, RowMask& out) const;
  void mask_merged(const IdSet& filter, RowMask& out) const;

  std::span<const std::int64_t> ids_;
};

}  // namespace isogloss::index
