// SPDX-License-Identifier: Apache-2.0
// From sentences to the steps of the kernels (train/pair_kernels.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "model/word2vec/word2vec_trainer.hpp"
#include "train/pair_kernels.hpp"
#include "train/pair_loss.hpp"
#include "train/sentence_windows.hpp"
#include "train/word_draws.hpp"

namespace isogloss::model {

// What all steps of a training have in common. Rows of `weights` are written by several threads at once, on purpose and
// without locks: an update that gets lost now and then does no harm (Recht et al. 2011).
struct PairSetup {
  Word2vecOptions options;
  Word2vecWeights* weights = nullptr;
  training::AliasTable negatives;       // when options.negative > 0
  training::HuffmanTree tree;           // when options.hs
  std::span<const std::uint32_t> keep;  // keep_limits()
  const training::PairKernels* kernels = nullptr;
};

// One thread's work. Steps are prepared one ahead of the one that is computed, and their rows fetched meanwhile.
class PairSteps {
 public:
  PairSteps(const PairSetup& setup, Random random);

  // Trains on the words of a sentence, as many as options.sample leaves. ids: (words), sentence ends left out.
  void sentence(std::span<const std::uint32_t> ids, float alpha);
  void finish();  // computes the last step
  double loss() const { return loss_.mean(); }

 private:
  struct Step {
    std::vector<float*> rows;
    std::vector<float*> targets;
    std::vector<float> weights;           // (rows, stride)
    std::vector<float> labels;            // (stride)
    std::vector<std::uint32_t> contexts;  // cbow: the words of row 0, of row 1 ...
    std::vector<std::uint32_t> ends;      // cbow: (rows) where each row's end
    std::size_t stride = 0;
    float alpha = 0;
  };
  using Window = training::SentenceWindows::Window;

  Step& open_step(std::size_t targets, float alpha);
  void close_step();  // fetches its rows, computes the one before
  void compute(Step& step);
  void means_of(Step& step);
  void add_errors(const Step& step);

  void skipgram_pairs(float alpha);
  void skipgram_block(std::size_t first, std::size_t count, float alpha);
  void cbow_block(std::size_t first, std::size_t count, float alpha);
  void tree_step(std::size_t centre, float alpha);
  void add_negatives(Step& step, std::span<const std::uint32_t> centres);

  const PairSetup& setup_;
  Random random_;
  training::SentenceWindows sentence_;
  std::vector<std::uint32_t> drawn_;  // negatives of the step
  float share_ = 1;                   // weight of a negative
  Step steps_[2];
  std::size_t turn_ = 0;
  bool waiting_ = false;
  std::vector<float> gradients_, scratch_, means_, errors_, ones_;
  training::PairLoss loss_;
};

}  // namespace isogloss::model
