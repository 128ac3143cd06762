// SPDX-License-Identifier: Apache-2.0
// One query against the coded rows of one part of an index: which rows have to be scored exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/scan/coder.hpp"
#include "index/scan/lists.hpp"

namespace isogloss::index {

struct PartCost {
  std::size_t lists = 0;  // that were read
  std::size_t codes = 0;  // rows whose signs were read
  std::size_t bytes = 0;  // rows whose bytes were read
};

// Coded rows with what belongs to them, for one query.
struct CodedPart {
  CodedRows rows;
  const Lists* lists = nullptr;  // null: one run of blocks
  double largest_row = 0;        // |x| at most
  std::size_t dim = 0;
  std::vector<float> shifts;  // (lists) of the query

  float shift_at(std::size_t position) const { return lists == nullptr ? 0.0F : shifts[lists->list_of(position)]; }
  std::size_t rank_of(std::size_t position) const { return lists == nullptr ? position : lists->rank_of(position); }
};

// Which rows may be found.
struct LiveRows {
  std::span<const std::uint64_t> positions;  // (blocks) a bit each; empty: `rows` tells
  const RowMask* rows = nullptr;  // by row, for rows in lists: only those of the lists that are read are looked up
};

// <q - c, m - c> of every list. (lists)
std::vector<float> list_shifts(const Lists& lists, const CodedQuery& query);

// The positions that may be among the k best, found by signs, then bytes. A row is dropped when even its raised
// estimate is below the k-th best estimate from bytes; no list is read whose raised score is. live: what may be
// found. floor: a score that k rows of other parts with the same coder reach, -infinity when none is known; rows
// below it are dropped too, and it rises to the k-th best score here. Fewer than k positions only when fewer live, or
// because of the floor.
std::vector<std::uint32_t> candidates_by_codes(const CodedPart& part, const CodedQuery& query, const LiveRows& live,
                                               const Effort& effort, std::size_t k, float& floor, PartCost& cost);

// The same from bytes alone over the picked positions.
std::vector<std::uint32_t> candidates_by_bytes(const CodedPart& part, const CodedQuery& query,
                                               std::span<const std::uint32_t> picks, std::size_t k, float& floor,
                                               PartCost& cost);

// The same with a bound of every error, rounding of the exact scores included: the k best are among them for certain.
std::vector<std::uint32_t> proven_candidates(const CodedPart& part, const CodedQuery& query,
                                             std::span<const std::uint32_t> picks, std::size_t k, PartCost& cost);

}  // namespace isogloss::index
