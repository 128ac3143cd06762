// SPDX-License-Identifier: Apache-2.0
// The inner loop of training: a few input rows against a few targets, all pairs at once.
//
// A step has R rows x_r and T targets y_t, a label and a weight for every pair:
//   s = <x_r, y_t>                                   measure
//   g = alpha * weight * (label - 1 / (1 + exp(-s)))  the gradient of the log likelihood (Mikolov et al. 2013, eq. 4)
//   x_r += sum_t g y_t,  y_t += sum_r g x_r          update, both with the values before the step
// A pair that does not count has weight 0. A target may stand several times: every copy adds its own share. A row may,
// too; its second copy may see what the first has added, and with errors so may that of a target.
#pragma once

#include <cstddef>

#include "simd/kernels.hpp"
#include "train/row_matrix.hpp"

namespace isogloss::training {

struct PairStep {
  float* const* rows = nullptr;     // (row_count) of `dim` floats each
  float* const* targets = nullptr;  // (target_count) of `dim` floats each
  std::size_t row_count = 0;
  std::size_t target_count = 0;
  std::size_t stride = 0;          // of the tables below: target_count up to a multiple of kRowFloats
  const float* labels = nullptr;   // (stride)
  const float* weights = nullptr;  // (row_count, stride), 0 behind target_count
  float* gradients = nullptr;      // (row_count, stride) scratch: s, then g
  float* errors = nullptr;         // (row_count, dim): takes sum_t g y_t in place of the rows; null = the rows do
  float* scratch = nullptr;        // (row_count + target_count, kRowFloats)
  std::size_t dim = 0;             // a multiple of kRowFloats
  float alpha = 0;
};

struct PairKernels {
  void (*measure)(const PairStep& step);  // gradients = s
  void (*update)(const PairStep& step);   // from s to the new rows and targets
  void (*apply)(const PairStep& step);    // the same from g, which the caller put into `gradients`
};

const PairKernels& pair_kernels();
// REQUIRES: level is among simd::available_levels().
const PairKernels& pair_kernels(simd::Level level);

}  // namespace isogloss::training
