// SPDX-License-Identifier: Apache-2.0
// The inner loop of GloVe: cells of the table of co-occurrences, one after another.
//
// Word a has a row w and a bias b, context c a row u and a bias v (Pennington et al. 2014, eq. 8; steps by AdaGrad as
// in the original program):
//   d = w.u + b + v - ln x,  g = min(1, (x / x_max)^alpha) d,  loss g d / 2
//   s = eta clip(g u):  w -= s / sqrt(G),  G += s^2          the same for u with w
//   b -= g / sqrt(H),   H += g^2                             without eta, the same for v
// G and H start at 1, so that no step divides by less.
//
// Everything of a word lies together, one stretch of memory (and one page or two) for a cell and its mirror image:
//   w (padded) | G of w (padded) | u (padded) | G of u (padded) | b H v H' (kRowFloats)
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernels.hpp"
#include "train/row_matrix.hpp"

namespace isogloss::model {

struct GloveCell {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  float log_count = 0;
};

struct GloveStep {
  const GloveCell* cells = nullptr;  // (count)
  std::size_t count = 0;
  float* words = nullptr;  // (words, stride)
  std::size_t dim = 0;
  std::size_t padded = 0;  // dim up to a multiple of kRowFloats
  bool symmetric = false;  // every cell stands for (column, row) too
  float log_x_max = 0;
  float alpha = 0;
  float eta = 0;
  float clip = 0;

  std::size_t stride() const { return 4 * padded + training::kRowFloats; }
};

struct GloveKernels {
  // Returns the loss of the cells, each before its own step.
  double (*train)(const GloveStep& step);
};

const GloveKernels& glove_kernels();
// REQUIRES: level is among simd::available_levels().
const GloveKernels& glove_kernels(simd::Level level);

}  // namespace isogloss::model
