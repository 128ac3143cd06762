// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "isogloss/context.hpp"
#include "model/glove/glove_options.hpp"
#include "train/checkpoint.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {

struct GloveWeights {
  std::vector<float> vectors;  // (words, dim)
  std::uint64_t cells = 0;     // both orders of a pair counted
  double loss = 0;             // mean over the cells of the last epoch
};

// Counts which words of the corpus meet and trains on it. Error{invalid_argument} when no two words do, or when numbers
// ran away: it says what to lower. Error{out_of_memory} when the vectors alone exceed the memory limit. Goes on from
// the checkpoint when there is one: the text is counted anew, which gives the same cells in the same order.
Result<GloveWeights> train_glove(vectors::WordCorpus& corpus, const GloveOptions& options,
                                 training::Checkpoint checkpoint, Context& context);

}  // namespace isogloss::model
