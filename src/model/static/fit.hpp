// SPDX-License-Identifier: Apache-2.0
// Fits token vectors to a teacher's answers (README.md has the formulas).
#pragma once

#include <vector>

#include "isogloss/distill.hpp"
#include "math/matrix.hpp"
#include "model/static/corpus_sample.hpp"
#include "model/static/teacher.hpp"

namespace isogloss::model {

struct FittedTable {
  math::Matrix vectors;        // (pieces, dim)
  std::vector<float> weights;  // (pieces) of a piece in the mean of a text
  DistillQuality quality;
};

// Rotated so that the first columns hold the most. `start`: (pieces, dim) of the teacher, centred.
Result<FittedTable> fit_to_corpus(const Teacher& teacher, const CorpusSample& sample, math::Matrix start,
                                  const DistillOptions& options, Context& context);
// The vectors alone, cut by principal components, weighted by the rank of the piece.
Result<FittedTable> fit_to_pieces(math::Matrix start, std::size_t dim, double sif);

}  // namespace isogloss::model
