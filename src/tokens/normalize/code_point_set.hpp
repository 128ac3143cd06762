// SPDX-License-Identifier: Apache-2.0
// A set of code points with a look-up of two loads: a table of 4,352 blocks of 256, equal blocks stored once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace isogloss::tokens {

struct CodePointRange {
  char32_t first;
  char32_t last;  // included
};

// Immutable once built.
class CodePointSet {
 public:
  explicit CodePointSet(std::span<const CodePointRange> ranges) {
    std::map<Block, std::uint16_t> seen;
    std::size_t next = 0;  // first range that does not end before the block
    for (char32_t begin = 0; begin < kEnd; begin += 256) {
      Block block{};
      while (next < ranges.size() && ranges[next].last < begin) ++next;
      for (std::size_t r = next; r < ranges.size() && ranges[r].first < begin + 256; ++r) {
        const char32_t first = ranges[r].first < begin ? begin : ranges[r].first;
        for (char32_t c = first; c <= ranges[r].last && c < begin + 256; ++c) {
          block[(c & 255) / 64] |= std::uint64_t{1} << (c & 63);
        }
      }
      const auto [place, fresh] = seen.emplace(block, static_cast<std::uint16_t>(blocks_.size()));
      if (fresh) blocks_.push_back(block);
      index_[begin >> 8] = place->second;
    }
  }

  bool contains(char32_t c) const {
    return c < kEnd && (blocks_[index_[c >> 8]][(c & 255) / 64] >> (c & 63) & 1) != 0;
  }

 private:
  using Block = std::array<std::uint64_t, 4>;
  static constexpr char32_t kEnd = 0x110000;
  std::array<std::uint16_t, kEnd / 256> index_;
  std::vector<Block> blocks_;
};

}  // namespace isogloss::tokens
