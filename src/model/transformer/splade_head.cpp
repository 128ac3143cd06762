// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/splade_head.hpp"

#include <algorithm>
#include <cmath>

namespace isogloss::model {
namespace {

// Where each architecture keeps the head (transformers 5.23, ...ForMaskedLM).
struct HeadNames {
  const char* dense;
  const char* norm;
  const char* bias;
  const char* decoder;  // when it is not the word table
};
constexpr HeadNames kNames[] = {
    {"cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias",
     "cls.predictions.decoder.weight"},
    {"vocab_transform", "vocab_layer_norm", "vocab_projector.bias", "vocab_projector.weight"},
    {"lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "lm_head.decoder.weight"},
};
constexpr const char* kWords[] = {"bert.embeddings.word_embeddings.weight",
                                  "distilbert.embeddings.word_embeddings.weight",
                                  "roberta.embeddings.word_embeddings.weight",
                                  "mpnet.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight"};

constexpr std::size_t kPanelsAtOnce = 64;

Result<std::vector<float>> decoder_weights(const Weights& tensors, const HeadNames& names, std::size_t vocabulary,
                                           std::size_t hidden) {
  if (tensors.has(names.decoder)) return tensors.read(names.decoder, {vocabulary, hidden});
  for (const char* words : kWords) {
    if (tensors.has(words)) return tensors.read(words, {vocabulary, hidden});
  }
  return fail(Code::corrupt_data,
              tensors.where() + ": neither '" + std::string(names.decoder) + "' nor a word table is there.");
}

}  // namespace

Result<SpladeHead> SpladeHead::read(const Weights& tensors, const nn::EncoderConfig& encoder, bool sum,
                                    bool log_twice) {
  for (const HeadNames& names : kNames) {
    if (!tensors.has(std::string(names.dense) + ".weight")) continue;
    SpladeHead head;
    head.sum_ = sum;
    head.log_twice_ = log_twice;
    head.vocabulary_ = encoder.vocabulary;
    head.hidden_ = encoder.hidden;
    IG_TRY(head.transform_.add(tensors, names.dense, encoder.hidden, encoder.hidden, encoder.activation));
    IG_TRY(head.transform_.add_norm(tensors, names.norm, encoder.hidden, encoder.norm_eps));
    nn::LinearWeights weights;
    weights.outputs = encoder.vocabulary;
    weights.inputs = encoder.hidden;
    weights.weight = IG_TRY(decoder_weights(tensors, names, encoder.vocabulary, encoder.hidden));
    if (tensors.has(names.bias)) weights.bias = IG_TRY(tensors.read(names.bias, {encoder.vocabulary}));
    nn::PackedLinear::pack(weights, nn::Compute::f32, nn::encoder_kernels(), "decoder", head.sections_);
    head.decoder_ = nn::PackedLinear(encoder.vocabulary, encoder.hidden, false, nn::Compute::f32, nn::encoder_kernels(),
                                     "decoder", head.sections_);
    return head;
  }
  return fail(Code::unsupported, tensors.where() +
                                     ": there is no masked-language-model head that is known here "
                                     "(cls.predictions, vocab_transform, lm_head.dense), so no sparse vectors.");
}

// A block of pieces at a time, so that scores of all tokens for the whole vocabulary never stand side by side.
SparseWeights SpladeHead::weigh(nn::Activations& states) const {
  SparseWeights out;
  const std::size_t block = kPanelsAtOnce * nn::encoder_kernels().panel_columns;
  math::AlignedVector<float> scores(states.rows * block);
  const nn::Rows rows = nn::rows_for(decoder_.compute(), states, nn::encoder_kernels());
  for (std::size_t panel = 0; panel < decoder_.panels(); panel += kPanelsAtOnce) {
    const std::size_t last = std::min(panel + kPanelsAtOnce, decoder_.panels());
    const std::size_t first_column = panel * nn::encoder_kernels().panel_columns;
    nn::Destination to;
    to.f32 = scores.data() - first_column;
    to.stride = block;
    decoder_.run(rows, to, {panel, last});
    const std::size_t end = std::min(vocabulary_, last * nn::encoder_kernels().panel_columns);
    for (std::size_t c = first_column; c < end; ++c) {
      float weight = 0;
      for (std::size_t t = 0; t < states.rows; ++t) {
        const float score = scores[t * block + c - first_column];
        const float positive = std::max(score, 0.0F);
        if (sum_) {
          const float once = std::log1p(positive);
          weight += log_twice_ ? std::log1p(once) : once;
        } else {
          weight = std::max(weight, positive);
        }
      }
      if (weight == 0.0F) continue;
      if (!sum_) weight = log_twice_ ? std::log1p(std::log1p(weight)) : std::log1p(weight);
      out.columns.push_back(static_cast<std::uint32_t>(c));
      out.values.push_back(weight);
    }
  }
  return out;
}

void SpladeHead::run(const PassResult& result, std::vector<SparseWeights>& out) const {
  const nn::Activations& from = result.states;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const std::size_t tokens = result.starts[i + 1] - result.starts[i];
    std::vector<float> rows(tokens * hidden_);
    for (std::size_t t = 0; t < tokens; ++t) {
      std::copy_n(from.f32.data() + (result.starts[i] + t) * from.stride, hidden_, &rows[t * hidden_]);
    }
    transform_.run(rows, tokens);
    nn::Activations states;
    states.reset(tokens, hidden_);
    float* const to = states.need_f32();
    for (std::size_t t = 0; t < tokens; ++t) std::copy_n(&rows[t * hidden_], hidden_, to + t * states.stride);
    out[result.rows[i].target] = weigh(states);
  }
}

}  // namespace isogloss::model
