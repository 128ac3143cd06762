// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {

// Rows of floats, each at a cache line of its own and padded with zeros.
class RowMatrix {
 public:
  RowMatrix() = default;
  RowMatrix(std::size_t rows, std::size_t dim);  // zeros
  std::size_t rows() const { return rows_; }
  std::size_t padded() const { return padded_; }
  float* row(std::size_t i) { return data_.data() + i * padded_; }
  const float* row(std::size_t i) const { return data_.data() + i * padded_; }
  std::vector<float> take() &&;  // (rows, dim), without the padding; the matrix is gone

 private:
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::size_t padded_ = 0;
  math::AlignedVector<float> data_;  // (rows, padded)
};

struct Word2vecWeights {
  RowMatrix inputs;   // (words, dim) the vectors
  RowMatrix outputs;  // (words, dim) of the words to be told, or empty without negative words
  RowMatrix nodes;    // (words - 1, dim) of the tree of hs, or empty
  double loss = 0;    // of the last epoch, a sample of the pairs
};

// Trains on a corpus that was counted. Error{invalid_argument} names options that do not go together.
Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       Context& context);

}  // namespace isogloss::model
