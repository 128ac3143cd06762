// SPDX-License-Identifier: Apache-2.0
// What training draws at random, and the tree of the hierarchical softmax.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace isogloss::training {

// Numbers drawn in proportion to weights, by Walker's alias method (Vose 1991): exact, two reads a number, and 8 bytes
// a word, where word2vec's table of 10^8 entries has 400 MB and misses the caches at every draw.
class AliasTable {
 public:
  AliasTable() = default;
  explicit AliasTable(std::span<const double> weights);  // (n), n > 0, none negative
  std::uint32_t draw(std::uint64_t random) const {
    const auto place = static_cast<std::uint32_t>((random >> 32) * cells_.size() >> 32);
    const Cell cell = cells_[place];
    return static_cast<std::uint32_t>(random) <= cell.limit ? place : cell.other;
  }

 private:
  struct Cell {
    std::uint32_t limit;
    std::uint32_t other;
  };
  std::vector<Cell> cells_;
};

AliasTable negative_table(std::span<const std::uint64_t> counts, double exponent);

// A word stays when 32 random bits are not above its limit: p = (sqrt(f / t) + 1) t / f with its share f of the text,
// as word2vec.c has it (the paper's 1 - sqrt(t / f) is another). t = 0: every word stays. (counts)
std::vector<std::uint32_t> keep_limits(std::span<const std::uint64_t> counts, double sample);

// Huffman's tree over words. Inner nodes are numbered from the deepest up; the root is words - 2.
class HuffmanTree {
 public:
  HuffmanTree() = default;
  explicit HuffmanTree(std::span<const std::uint64_t> counts);  // (words), falling
  // The way from the root: inner nodes, and for each the label that is learned, 1 for the branch 0. Empty when there is
  // but one word.
  std::span<const std::uint32_t> nodes(std::uint32_t word) const { return part(nodes_, word); }
  std::span<const float> labels(std::uint32_t word) const { return part(labels_, word); }
  std::size_t longest() const { return longest_; }

 private:
  template <class T>
  std::span<const T> part(const std::vector<T>& of, std::uint32_t word) const {
    return std::span(of).subspan(begins_[word], begins_[word + 1] - begins_[word]);
  }
  std::vector<std::size_t> begins_;  // (words + 1)
  std::vector<std::uint32_t> nodes_;
  std::vector<float> labels_;
  std::size_t longest_ = 0;
};

}  // namespace isogloss::training
