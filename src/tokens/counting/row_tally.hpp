// SPDX-License-Identifier: Apache-2.0
// A bag of column numbers -> ascending columns with how often each was in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace isogloss::tokens {

// One sparse row of whole numbers.
struct CountRow {
  std::vector<std::uint32_t> columns;  // ascending
  std::vector<std::int32_t> counts;    // parallel to columns
  std::uint32_t units = 0;             // words (after stop words) or characters of the text, unknown ones included
};

// The same in somebody else's memory.
struct CountView {
  std::span<const std::uint32_t> columns;
  std::span<const std::int32_t> counts;
  std::uint32_t units = 0;
};

inline CountView view_of(const CountRow& row) { return {row.columns, row.counts, row.units}; }

// Holds scratch memory: one per thread.
class RowTally {
 public:
  explicit RowTally(std::size_t columns) : columns_(columns) {}

  // Replaces row.columns and row.counts by what is in the bag. Sorts `bag` at will. (n), each below `columns`
  void tally(std::span<std::uint32_t> bag, CountRow& row);

 private:
  void by_sorting(std::span<std::uint32_t> bag, CountRow& row);
  void by_bits(std::span<const std::uint32_t> bag, CountRow& row);
  void make_bits();

  std::size_t columns_;
  std::size_t seen_ = 0;               // columns tallied so far
  std::vector<std::int32_t> sums_;     // (columns)
  std::vector<std::uint64_t> bits_;    // bit c: column c is in the row
  std::vector<std::uint64_t> groups_;  // bit i: bits_[i] is not 0
};

}  // namespace isogloss::tokens
