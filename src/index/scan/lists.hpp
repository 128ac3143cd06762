// SPDX-License-Identifier: Apache-2.0
// Lists: rows that lie near each other stand together in the codes, and a search reads the lists that may hold what it
// looks for.
//
// Each list has a centre m; its rows' codes are those of x - m. Positions are numbered list by list, each list rounded
// up to whole blocks; bytes are kept without those gaps, by rank = position minus the gaps before it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/row_mask.hpp"
#include "index/scan/code_kernels.hpp"

namespace isogloss::index {

// What is kept of them, in the file or just made.
struct ListArrays {
  std::span<const std::uint32_t> starts;    // (lists + 1) first rank of each list, then the number of rows
  std::span<const std::uint16_t> centres;   // (lists, dim) bf16: m - c
  std::span<const float> adds;              // (lists) mean of its rows' adds
  std::span<const float> radii;             // (lists) root of the mean |x - m|^2
  std::span<const std::uint32_t> row_of;    // (rows) row of a rank
  std::span<const std::uint32_t> position;  // (rows) position of a row
};

// The arrays and what follows from `starts`.
class Lists {
 public:
  Lists() = default;
  // REQUIRES: starts ascend from 0.
  explicit Lists(const ListArrays& arrays);

  std::size_t count() const { return arrays_.adds.size(); }  // 0: no lists
  const ListArrays& arrays() const { return arrays_; }
  std::size_t positions() const { return block_list_.size() * kBlockRows; }
  std::size_t first_block(std::size_t list) const { return first_block_[list]; }
  std::size_t blocks(std::size_t list) const { return first_block_[list + 1] - first_block_[list]; }
  std::size_t list_of(std::size_t position) const { return block_list_[position / kBlockRows]; }
  std::size_t rank_of(std::size_t position) const { return position - gaps_[list_of(position)]; }
  const RowMask& filled() const { return filled_; }  // positions that hold a row

 private:
  ListArrays arrays_;
  std::vector<std::uint32_t> first_block_;  // (lists + 1)
  std::vector<std::uint32_t> block_list_;   // (blocks)
  std::vector<std::uint32_t> gaps_;         // (lists) positions without a row before the list
  RowMask filled_;
};

// How much a search leaves to chance.
struct Effort {
  float room = 0;   // what a row's estimate from signs is raised by, in units of its factor
  float reach = 0;  // what a list's score is raised by, in units of its radius and |z|
};

// How far a search has to go for the recall it is asked for, measured on rows of the set as queries.
//
// reach: a list is read while its score + reach * |z| * radius is not below the k-th best score.
// room: a row's estimate from signs is raised by room deviations of its error.
// Either value at miss rates 2^(-i / 2), i = 0 .. kPoints - 1, for neighbours that are the k-th best themselves.
// missed: what searches for 1, 10 and 100 rows with both values really missed. Most neighbours lie clear of the k-th
// best, and the threshold is lower while a search runs than in the end, so they miss less than their nominal rate.
struct Calibration {
  static constexpr std::size_t kPoints = 25;  // to 2^-12
  using Points = std::array<float, kPoints>;
  static constexpr std::array<std::size_t, 3> kMeasured = {1, 10, 100};
  Points reach{};
  Points room{};
  std::array<Points, kMeasured.size()> missed{};

  static constexpr std::size_t kValues = (2 + kMeasured.size()) * kPoints;
  std::array<float, kValues> values() const;               // all of it, in this order
  static Calibration from(std::span<const float> values);  // (kValues)

  static double miss_at(std::size_t point);
  // From what each true neighbour needs. (n)
  static Points points_of(std::vector<float> needed);
  // For a nominal miss rate; length = |z|, deviation: Spread::deviation. What misses a row with lists is either its
  // list or its signs: 0.6 of the rate are left to the former.
  Effort nominal(double miss, bool lists, double deviation, float length) const;
  // The nominal miss rate at which searches for the k best of all rows really reach this recall; 1 - recall where that
  // was not measured, which is on the safe side.
  double nominal_for(double recall, std::size_t k) const;
};

}  // namespace isogloss::index
