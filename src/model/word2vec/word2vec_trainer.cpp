// SPDX-License-Identifier: Apache-2.0
#include "model/word2vec/word2vec_trainer.hpp"

#include <algorithm>

#include "model/word2vec/pair_steps.hpp"
#include "train/corpus_training.hpp"

namespace isogloss::model {
namespace {

// Steps of many pairs sum up what single pairs would correct on the way: with few words they hit the same rows again
// and again, and the sums run away. Such a vocabulary is no matter of speed either.
constexpr std::size_t kFewWords = 256;

// Stream 0 of the seed made the first vectors.
class Piece final : public training::CorpusTraining::Piece {
 public:
  Piece(const PairSetup& setup, std::uint64_t seed, std::uint64_t stream)
      : options_(setup.options), steps_(setup, Random(seed, 1 + stream)) {}
  void sentence(std::span<const std::uint32_t> ids, double done) override {
    steps_.sentence(ids, static_cast<float>(options_.alpha - (options_.alpha - options_.min_alpha) * done));
  }
  void finish() override { steps_.finish(); }
  double loss() const override { return steps_.loss(); }

 private:
  const Word2vecOptions& options_;
  PairSteps steps_;
};

class Training {
 public:
  Training(const vectors::WordCorpus& corpus, const Word2vecOptions& options, const Word2vecBase& base,
           Context& context)
      : corpus_(corpus), base_(base), context_(context) {
    setup_.options = options;
    if (options.alpha == 0) setup_.options.alpha = options.skipgram() ? 0.025 : 0.05;
    if (corpus.counts().size() < kFewWords) setup_.options.block = 0;
  }

  Result<Word2vecWeights> run(training::Checkpoint checkpoint) {
    IG_TRY(check());
    prepare();
    const Word2vecOptions& o = setup_.options;
    training::CorpusTraining loop(
        corpus_, {static_cast<std::uint64_t>(o.epochs), static_cast<std::size_t>(o.sentence_length), o.deterministic},
        std::move(checkpoint), context_);
    loop.keep("inputs", weights_.inputs);
    if (weights_.outputs.rows() > 0) loop.keep("outputs", weights_.outputs);
    if (weights_.nodes.rows() > 0) loop.keep("nodes", weights_.nodes);
    IG_TRY(loop.run([&](std::uint64_t stream) { return std::make_unique<Piece>(setup_, context_.seed, stream); },
                    "alpha (" + std::to_string(o.alpha) + ") or block (" + std::to_string(o.block) + ")"));
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
    copy_base();
    keep_ = training::keep_limits(corpus_.counts(), o.sample);
    setup_.keep = keep_;
    setup_.weights = &weights_;
    setup_.kernels = &training::pair_kernels();
  }

  // The rows of the words the base has; the others stay as they are for new ones.
  void copy_base() {
    if (base_.table == nullptr) return;
    const std::size_t dim = base_.table->dim();
    for (std::size_t i = 0; i < corpus_.counts().size(); ++i) {
      const auto place = base_.table->find(corpus_.words().word(static_cast<std::uint32_t>(i)));
      if (!place) continue;
      std::ranges::copy(base_.table->row(*place), weights_.inputs.row(i));
      if (!base_.outputs.empty()) std::ranges::copy(base_.outputs.subspan(*place * dim, dim), weights_.outputs.row(i));
    }
    for (std::size_t i = 0; i * dim < base_.nodes.size(); ++i) {
      std::ranges::copy(base_.nodes.subspan(i * dim, dim), weights_.nodes.row(i));
    }
  }

  const vectors::WordCorpus& corpus_;
  const Word2vecBase& base_;
  Context& context_;
  PairSetup setup_;
  Word2vecWeights weights_;
  std::vector<std::uint32_t> keep_;
};

}  // namespace

Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       const Word2vecBase& base, training::Checkpoint checkpoint, Context& context) {
  return Training(corpus, options, base, context).run(std::move(checkpoint));
}

}  // namespace isogloss::model
