// SPDX-License-Identifier: Apache-2.0
// A bag of column numbers -> ascending columns with their sums.
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

// Holds scratch memory: one per thread.
class RowTally {
 public:
  explicit RowTally(std::size_t columns) : columns_(columns) {}

  // Replaces row.columns and row.counts by the sums of `amounts` per column. A sum of 0 stays. Sorts `bag` at will.
  // bag, amounts: (n); no amounts = all 1
  void tally(std::span<std::uint32_t> bag, std::span<const std::int32_t> amounts, CountRow& row);

 private:
  void by_sorting(std::span<std::uint32_t> bag, CountRow& row);
  void by_bits(std::span<const std::uint32_t> bag, std::span<const std::int32_t> amounts, CountRow& row);
  void make_bits();

  std::size_t columns_;
  std::size_t seen_ = 0;               // columns tallied so far
  std::vector<std::int32_t> sums_;     // (columns)
  std::vector<std::uint64_t> bits_;    // bit c: column c is in the row
  std::vector<std::uint64_t> groups_;  // bit i: bits_[i] is not 0
};

}  // namespace isogloss::tokens
