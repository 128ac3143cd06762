// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "isogloss/context.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "train/row_matrix.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {

struct Word2vecWeights {
  training::RowMatrix inputs;   // (words, dim) the vectors
  training::RowMatrix outputs;  // (words, dim) of the words to be told, or empty without negative words
  training::RowMatrix nodes;    // (words - 1, dim) of the tree of hs, or empty
  double loss = 0;              // of the last epoch, a sample of the pairs
};

// Trains on a corpus that was counted. Error{invalid_argument} names options that do not go together.
Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       Context& context);

}  // namespace isogloss::model
