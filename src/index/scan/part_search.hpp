// SPDX-License-Identifier: Apache-2.0
// One query against the coded rows of one part of an index: which rows have to be scored exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/scan/coder.hpp"

namespace isogloss::index {

// A run of blocks that is scanned with one shift.
struct ScanSpan {
  std::size_t first_block = 0;
  std::size_t blocks = 0;
  float shift = 0;
};

struct PartCost {
  std::size_t codes = 0;  // rows whose signs were read
  std::size_t bytes = 0;  // rows whose bytes were read
};

// Coded rows with what belongs to them. Everything by position.
struct CodedPart {
  CodedRows rows;
  const float* shifts = nullptr;               // (lists) of this query; null = all 0
  std::span<const std::uint32_t> block_lists;  // (blocks) list of each block; empty without lists
  double largest_row = 0;                      // |x| at most
  std::size_t dim = 0;

  float shift_at(std::size_t position) const {
    return shifts == nullptr ? 0.0F : shifts[block_lists[position / kBlockRows]];
  }
};

// The positions that may be among the k best, found by signs, then bytes. `room` is what a row's key is raised by in
// units of its factor: a row is dropped when even its raised estimate stays below the k-th best estimate from bytes.
// live (blocks). Fewer than k positions only when fewer live.
std::vector<std::uint32_t> candidates_by_codes(const CodedPart& part, const CodedQuery& query,
                                               std::span<const ScanSpan> spans, std::span<const std::uint64_t> live,
                                               float room, std::size_t k, PartCost& cost);

// The same from bytes alone over the picked positions.
std::vector<std::uint32_t> candidates_by_bytes(const CodedPart& part, const CodedQuery& query,
                                               std::span<const std::uint32_t> picks, std::size_t k, PartCost& cost);

// The same with a bound of every error, rounding of the exact scores included: the k best are among them for certain.
std::vector<std::uint32_t> proven_candidates(const CodedPart& part, const CodedQuery& query,
                                             std::span<const std::uint32_t> picks, std::size_t k, PartCost& cost);

}  // namespace isogloss::index
