// SPDX-License-Identifier: Apache-2.0
// From sentences to the steps of the kernels (train/pair_kernels.hpp), where a word's row is the mean of the rows of
// its n-grams.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"
#include "model/fasttext/fasttext_options.hpp"
#include "train/pair_kernels.hpp"
#include "train/pair_loss.hpp"
#include "train/row_matrix.hpp"
#include "train/sentence_windows.hpp"
#include "train/word_draws.hpp"

namespace isogloss::model {

// The rows of the input matrix that every word is made of: its own first, then those of its n-grams.
struct WordRows {
  std::vector<std::size_t> starts{0};  // (words + 1)
  std::vector<std::uint32_t> rows;
  std::span<const std::uint32_t> of(std::uint32_t word) const {
    return std::span(rows).subspan(starts[word], starts[word + 1] - starts[word]);
  }
};

// What all steps of a training have in common. Rows are written by several threads at once, on purpose and without
// locks: an update that gets lost now and then does no harm (Recht et al. 2011).
struct SubwordSetup {
  FasttextOptions options;
  training::RowMatrix* inputs = nullptr;   // (words + buckets, dim)
  training::RowMatrix* outputs = nullptr;  // (words, dim); with hs the inner nodes of the tree
  WordRows words;
  training::AliasTable negatives;
  training::HuffmanTree tree;
  std::vector<std::uint32_t> keep;  // keep_limits()
  const training::PairKernels* kernels = nullptr;
};

// One thread's work. Steps are prepared one ahead of the one that is computed, and their rows fetched meanwhile.
class SubwordSteps {
 public:
  SubwordSteps(const SubwordSetup& setup, Random random);

  // Trains on the words of a sentence, as many as options.sample leaves. ids: (words)
  void sentence(std::span<const std::uint32_t> ids, float alpha);
  void finish();  // computes the last step
  double loss() const { return loss_.mean(); }

 private:
  // Row r of the step is the mean of the rows of its members among `words`.
  struct Step {
    std::vector<std::uint32_t> words;    // whose rows are summed, each once
    std::vector<std::uint32_t> members;  // of all rows, places in `words`
    std::vector<std::uint32_t> ends;     // (rows) where each row's members end
    std::vector<float*> targets;
    std::vector<float> labels;   // (stride)
    std::vector<float> weights;  // (rows, stride)
    std::size_t stride = 0;
    float alpha = 0;
  };
  using Window = training::SentenceWindows::Window;

  Step& open_step(std::size_t rows, std::size_t targets, float alpha);
  void close_step();  // fetches its rows, computes the one before
  void compute(Step& step);
  void make_rows(const Step& step);
  void add_errors(const Step& step);

  void skipgram_pairs(float alpha);
  void skipgram_block(std::size_t first, std::size_t count, float alpha);
  void cbow_block(std::size_t first, std::size_t count, float alpha);
  void tree_step(std::size_t centre, float alpha);
  // Draws `draws` negatives as the last targets of a step, each with the weight `share` for every pair that row r has;
  // pairs(r) tells the words that are right for it.
  template <class Right>
  void add_negatives(Step& step, std::size_t draws, Right&& right);

  const SubwordSetup& setup_;
  Random random_;
  training::SentenceWindows sentence_;
  Step steps_[2];
  std::size_t turn_ = 0;
  bool waiting_ = false;
  std::vector<float> sums_;            // (words of the step, padded)
  std::vector<float> means_, errors_;  // (rows, padded)
  std::vector<float*> rows_;
  std::vector<float> gradients_, scratch_, ones_;
  training::PairLoss loss_;
};

}  // namespace isogloss::model
