// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace isogloss::math {

// Which of n things belong together (Galler and Fischer 1964), with paths halved on the way.
class UnionFind {
 public:
  explicit UnionFind(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0U); }

  // What stands for the things that belong to x.
  std::uint32_t root(std::uint32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  // REQUIRES: both are roots.
  void put_under(std::uint32_t child, std::uint32_t root) { parent_[child] = root; }

 private:
  std::vector<std::uint32_t> parent_;
};

}  // namespace isogloss::math
