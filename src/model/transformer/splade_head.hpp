// SPDX-License-Identifier: Apache-2.0
// SPLADE (Formal et al. 2021): the masked-language-model head gives every token a score for every piece of the
// vocabulary; a text weighs a piece by log(1 + relu(score)), the largest or the sum over its tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "core/json.hpp"
#include "model/transformer/dense_chain.hpp"
#include "model/transformer/passes.hpp"
#include "model/transformer/weights.hpp"
#include "nn/encoder/encoder.hpp"

namespace isogloss::model {

struct SparseWeights {
  std::vector<std::uint32_t> columns;  // ascending
  std::vector<float> values;           // above 0
};

class SpladeHead {
 public:
  // Error{unsupported}: no masked-language-model head among the tensors.
  static Result<SpladeHead> read(const Weights& tensors, const nn::EncoderConfig& encoder, bool sum, bool log_twice);

  std::size_t vocabulary() const { return vocabulary_; }
  // The weights of every row of the pass, in `out` at its target.
  void run(const PassResult& result, std::vector<SparseWeights>& out) const;

 private:
  SparseWeights weigh(nn::Activations& states) const;

  DenseChain transform_;
  nn::Sections sections_;
  nn::PackedLinear decoder_;
  std::size_t vocabulary_ = 0;
  std::size_t hidden_ = 0;
  bool sum_ = false;
  bool log_twice_ = false;
};

}  // namespace isogloss::model
