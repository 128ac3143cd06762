// SPDX-License-Identifier: Apache-2.0
// Pieces of the corpus, one after another, go to whichever thread is free; all write to the same rows without locks
// (pair_steps.hpp). Everything random of a piece comes from its own stream of the seed, the learning rate from its
// place in the corpus, so that one thread alone always makes the same bits; the deterministic mode is this one thread.
#include "model/word2vec/word2vec_trainer.hpp"

#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "core/parallel.hpp"
#include "model/word2vec/pair_steps.hpp"

namespace isogloss::model {
namespace {

// Steps of many pairs sum up what single pairs would correct on the way: with few words they hit the same rows again
// and again, and the sums run away. Such a vocabulary is no matter of speed either.
constexpr std::size_t kFewWords = 256;

class Training {
 public:
  Training(const vectors::WordCorpus& corpus, const Word2vecOptions& options, Context& context)
      : corpus_(corpus), context_(context), main_(std::this_thread::get_id()) {
    setup_.options = options;
    if (options.alpha == 0) setup_.options.alpha = options.skipgram() ? 0.025 : 0.05;
    if (corpus.counts().size() < kFewWords) setup_.options.block = 0;
  }

  Result<Word2vecWeights> run() {
    IG_TRY(check());
    prepare();
    const auto epochs = static_cast<std::uint64_t>(setup_.options.epochs);
    for (epoch_ = 0; epoch_ < epochs; ++epoch_) {
      loss_ = pairs_ = 0;
      IG_TRY(corpus_.pass([this](std::span<const vectors::CorpusPiece> pieces) { return train(pieces); }, context_));
    }
    const std::uint64_t expected = epochs * corpus_.total();
    if (words_ != expected) {
      return fail(Code::internal,
                  "training saw " + std::to_string(words_) + " words of " + std::to_string(expected) + ".");
    }
    IG_TRY(check_finite());
    weights_.loss = mean_loss();
    return std::move(weights_);
  }

 private:
  Status check() const {
    const Word2vecOptions& o = setup_.options;
    if (o.negative == 0 && !o.hs) {
      return fail(Code::invalid_argument,
                  "negative = 0 leaves nothing to learn from: set hs, or negative to 1 or more.");
    }
    if (o.min_alpha > o.alpha) {
      return fail(Code::invalid_argument,
                  "min_alpha (" + std::to_string(o.min_alpha) + ") is above alpha (" + std::to_string(o.alpha) + ").");
    }
    return context_.check();
  }

  void prepare() {
    const Word2vecOptions& o = setup_.options;
    const std::size_t words = corpus_.counts().size();
    const auto dim = static_cast<std::size_t>(o.dim);
    weights_.inputs = training::RowMatrix(words, dim);
    Random random(context_.seed);
    for (std::size_t i = 0; i < words; ++i) {
      for (std::size_t j = 0; j < dim; ++j)
        weights_.inputs.row(i)[j] = (random.uniform_f32() - 0.5F) / static_cast<float>(dim);
    }
    if (o.negative > 0) {
      weights_.outputs = training::RowMatrix(words, dim);
      setup_.negatives = training::negative_table(corpus_.counts(), o.ns_exponent);
    }
    if (o.hs) {
      weights_.nodes = training::RowMatrix(words - 1, dim);
      setup_.tree = training::HuffmanTree(corpus_.counts());
    }
    keep_ = training::keep_limits(corpus_.counts(), o.sample);
    setup_.keep = keep_;
    setup_.weights = &weights_;
    setup_.kernels = &training::pair_kernels();
  }

  Status train(std::span<const vectors::CorpusPiece> pieces) {
    Context alone = context_;
    alone.threads = 1;
    parallel_for(setup_.options.deterministic ? alone : context_, pieces.size(), 1, [&](std::size_t i, std::size_t) {
      if (context_.check()) train_piece(pieces[i]);  // else told below
    });
    return context_.check();
  }

  void train_piece(const vectors::CorpusPiece& piece) {
    // Stream 0 made the first vectors.
    PairSteps steps(setup_, Random(context_.seed, 1 + (epoch_ << 32 | piece.number)));
    const auto longest = static_cast<std::size_t>(setup_.options.sentence_length);
    std::uint64_t words = 0;
    for (std::size_t at = 0; at < piece.ids.size();) {
      std::size_t end = at;
      while (end < piece.ids.size() && piece.ids[end] != vectors::kSentenceEnd && end - at < longest) ++end;
      steps.sentence(piece.ids.subspan(at, end - at), alpha_at(epoch_ * corpus_.total() + piece.before + words));
      words += end - at;
      at = end + (end < piece.ids.size() && piece.ids[end] == vectors::kSentenceEnd ? 1 : 0);
    }
    steps.finish();
    words_ += words;
    const std::lock_guard lock(mutex_);
    loss_ += steps.loss();
    pairs_ += 1;
    if (std::this_thread::get_id() != main_) return;
    const double total = static_cast<double>(corpus_.total()) * static_cast<double>(setup_.options.epochs);
    context_.report({"train", "words", static_cast<double>(words_), total, mean_loss()});
  }

  float alpha_at(std::uint64_t words) const {
    const Word2vecOptions& o = setup_.options;
    const double done =
        static_cast<double>(words) / (static_cast<double>(corpus_.total()) * static_cast<double>(o.epochs));
    return static_cast<float>(o.alpha - (o.alpha - o.min_alpha) * done);
  }

  double mean_loss() const { return pairs_ > 0 ? loss_ / pairs_ : 0; }

  Status check_finite() const {
    for (const training::RowMatrix* m : {&weights_.inputs, &weights_.outputs, &weights_.nodes}) {
      for (std::size_t i = 0; i < m->rows() * m->padded(); ++i) {
        if (std::isfinite(m->row(0)[i])) continue;
        return fail(Code::invalid_argument, "training ran away: some numbers are no longer finite. Lower alpha (" +
                                                std::to_string(setup_.options.alpha) + ") or block (" +
                                                std::to_string(setup_.options.block) + ").");
      }
    }
    return {};
  }

  const vectors::WordCorpus& corpus_;
  Context& context_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  PairSetup setup_;
  Word2vecWeights weights_;
  std::vector<std::uint32_t> keep_;
  std::uint64_t epoch_ = 0;
  std::atomic<std::uint64_t> words_ = 0;
  std::mutex mutex_;
  double loss_ = 0, pairs_ = 0;  // means of pieces, and how many
};

}  // namespace

Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       Context& context) {
  return Training(corpus, options, context).run();
}

}  // namespace isogloss::model
