// SPDX-License-Identifier: Apache-2.0
// Epochs over a corpus of words on all threads. Pieces of the text, one after another, go to whichever thread is free;
// all write to the same rows without locks (Recht et al. 2011), which loses an update now and then and does no harm.
// What is random in a piece has to come from the piece's own stream of the seed, what depends on the progress from its
// place in the corpus: then one thread alone always makes the same bits, with an interruption or without.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "train/checkpoint.hpp"
#include "train/row_matrix.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::training {

struct CorpusTrainingOptions {
  std::uint64_t epochs = 1;
  std::size_t sentence = 1000;  // longer sentences are cut
  bool deterministic = false;   // one thread learns
};

class CorpusTraining {
 public:
  // What trains on one piece, of its own stream of random numbers.
  class Piece {
   public:
    virtual ~Piece() = default;
    // done: share of the whole training before this sentence, 0 to 1. ids: (words), sentence ends left out.
    virtual void sentence(std::span<const std::uint32_t> ids, double done) = 0;
    virtual void finish() = 0;
    virtual double loss() const = 0;  // mean of what was looked at
  };
  // Called on any thread. stream: different for every piece of every epoch, below 2^62.
  using MakePiece = std::function<std::unique_ptr<Piece>(std::uint64_t stream)>;

  CorpusTraining(const vectors::WordCorpus& corpus, const CorpusTrainingOptions& options, Checkpoint checkpoint,
                 Context& context)
      : corpus_(corpus),
        options_(options),
        checkpoint_(std::move(checkpoint)),
        context_(context),
        main_(std::this_thread::get_id()) {}

  // What a checkpoint keeps, by its name there. REQUIRES: the matrix outlives the training.
  void keep(std::string name, RowMatrix& matrix) { matrices_.emplace_back(std::move(name), &matrix); }

  // All epochs, or those that are left by the checkpoint. Error{invalid_argument} when numbers are no longer finite:
  // `remedy` says what to lower. Error{internal}: other words were read than were counted.
  Status run(const MakePiece& make, std::string_view remedy);
  double loss() const { return last_loss_; }  // of the last epoch

 private:
  struct Place {
    std::uint64_t epoch = 0;
    std::uint64_t piece = 0;  // the first of this epoch that is not done
    std::uint64_t words = 0;  // read, of all epochs
  };

  Status train(std::span<const vectors::CorpusPiece> pieces, const MakePiece& make);
  const vectors::CorpusPiece* claim(std::span<const vectors::CorpusPiece> pieces);
  void train_piece(const vectors::CorpusPiece& piece, const MakePiece& make);
  Status write_checkpoint();
  Status resume();
  double mean_loss() const { return pieces_ > 0 ? loss_ / pieces_ : 0; }
  double all_words() const { return static_cast<double>(corpus_.total()) * static_cast<double>(options_.epochs); }

  const vectors::WordCorpus& corpus_;
  CorpusTrainingOptions options_;
  Checkpoint checkpoint_;
  Context& context_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  std::vector<std::pair<std::string, RowMatrix*>> matrices_;
  Place at_;
  std::size_t next_ = 0;   // of the pieces that are at hand
  std::size_t first_ = 0;  // of those since the last checkpoint
  std::mutex mutex_;
  double loss_ = 0, pieces_ = 0;  // sum of the means of pieces, and how many
  double last_loss_ = 0;          // of the epoch before
};

}  // namespace isogloss::training
