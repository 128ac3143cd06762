// SPDX-License-Identifier: Apache-2.0
// The head of a cross-encoder: the state of one token to one score.
#pragma once

#include "core/json.hpp"
#include "model/transformer/dense_chain.hpp"
#include "model/transformer/weights.hpp"
#include "nn/encoder/encoder.hpp"

namespace isogloss::model {

struct PairHead {
  DenseChain layers;  // hidden -> 1
  nn::WantedRows rows = nn::WantedRows::first;
  bool sigmoid = true;  // the score is 1 / (1 + exp(-x)), as the sentence-transformers library gives it by default
};

// Finds the head among the tensors, by the names of each architecture. Error{unsupported}: more than one label.
Result<PairHead> read_pair_head(const Weights& tensors, const Json& config, const FileSet& files,
                                const nn::EncoderConfig& encoder);

}  // namespace isogloss::model
