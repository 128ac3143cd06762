// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "train/checkpoint.hpp"
#include "train/row_matrix.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {

struct Word2vecWeights {
  training::RowMatrix inputs;   // (words, dim) the vectors
  training::RowMatrix outputs;  // (words, dim) of the words to be told, or empty without negative words
  training::RowMatrix nodes;    // (words - 1, dim) of the tree of hs, or empty
};

// A trained model whose rows a training starts from.
struct Word2vecBase {
  const vectors::WordTable* table = nullptr;  // null = none
  std::span<const float> outputs;             // (words, dim) or empty
  std::span<const float> nodes;               // (words - 1, dim) or empty
};

// Trains on a corpus that was counted. Error{invalid_argument} names options that do not go together. With a checkpoint
// one thread alone makes the same bits as without an interruption.
Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       const Word2vecBase& base, training::Checkpoint checkpoint, Context& context);

}  // namespace isogloss::model
