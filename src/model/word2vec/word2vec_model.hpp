// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/word2vec/word2vec_options.hpp"
#include "train/word_draws.hpp"
#include "vectors/word_model.hpp"

namespace isogloss::model {

// A model trained here has, beside the vectors, what they were trained against; one from a file of others has not.
class Word2vecModel final : public vectors::WordModel, public Predictor {
 public:
  // A matrix that `owner` keeps: a mapped file, or memory.
  struct Rows {
    std::span<const float> values;
    std::shared_ptr<const void> owner;
    bool empty() const { return values.empty(); }
  };
  struct Trained {
    OptionValues options;
    Rows outputs;  // (words, dim) or empty
    Rows nodes;    // (words - 1, dim) or empty
  };
  Word2vecModel(vectors::WordTable table, const vectors::WordModelOptions& options, vectors::WordModelInfo info,
                Trained trained);

  const Trained& trained() const { return trained_; }
  Result<std::vector<WordScore>> predict(const Question& question, std::size_t n, Context& context) const override;

 private:
  const void* find(AbilityId id) const override;
  formats::ModelParts parts() const override;

  Result<std::vector<float>> input_of(const Question& question) const;
  // scores: (words) probabilities of all words beside the input row.
  Status probabilities(std::span<const float> input, std::span<float> scores, Context& context) const;
  void tree_probabilities(std::span<const float> input, std::span<float> scores, Context& context) const;

  Trained trained_;
  Word2vecOptions options_;
  training::HuffmanTree tree_;  // when nodes answer
};

}  // namespace isogloss::model
