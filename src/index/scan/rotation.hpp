// SPDX-License-Identifier: Apache-2.0
// A fixed random rotation: x -> P x, P orthogonal, in n log n steps and without a matrix.
//
// Each round flips signs, takes Hadamard transforms of blocks of 128 (64) columns and permutes: two rounds mix every
// column with every other one when the blocks fit without overlap, else three. What comes out of any x looks drawn from
// a normal distribution, which is what one bit a column needs (scan/coder.hpp). The rotation belongs to the format of
// the file: it depends on the width alone and has the same bits on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace isogloss::index {

class Rotation {
 public:
  explicit Rotation(std::size_t dim);
  std::size_t dim() const { return dim_; }
  // Columns after the rotation: dim filled up with zeros to a multiple of 24, at least 72, so that a vector of two
  // columns has enough signs to tell directions apart.
  std::size_t width() const { return width_; }
  // out (width) = P x, as long as x up to rounding. x (dim)
  void apply(std::span<const float> x, std::span<float> out) const;

 private:
  std::size_t dim_;
  std::size_t width_;
  std::size_t block_;
  std::size_t rounds_;
  std::vector<float> signs_;         // (rounds, width) +-1
  std::vector<std::uint32_t> from_;  // (rounds - 1, width): column i of the next round comes from from_[i]
};

}  // namespace isogloss::index
