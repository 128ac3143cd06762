// SPDX-License-Identifier: Apache-2.0
// Pieces of the corpus, one after another, go to whichever thread is free; all write to the same rows without locks
// (pair_steps.hpp). Everything random of a piece comes from its own stream of the seed, the learning rate from its
// place in the corpus, so that one thread alone always makes the same bits; the deterministic mode is this one thread.
#include "model/word2vec/word2vec_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <thread>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "model/word2vec/pair_steps.hpp"

namespace isogloss::model {
namespace {

// Steps of many pairs sum up what single pairs would correct on the way: with few words they hit the same rows again
// and again, and the sums run away. Such a vocabulary is no matter of speed either.
constexpr std::size_t kFewWords = 256;

class Training {
 public:
  Training(const vectors::WordCorpus& corpus, const Word2vecOptions& options, const Word2vecBase& base,
           training::Checkpoint checkpoint, Context& context)
      : corpus_(corpus),
        base_(base),
        context_(context),
        checkpoint_(std::move(checkpoint)),
        main_(std::this_thread::get_id()) {
    setup_.options = options;
    if (options.alpha == 0) setup_.options.alpha = options.skipgram() ? 0.025 : 0.05;
    if (corpus.counts().size() < kFewWords) setup_.options.block = 0;
  }

  Result<Word2vecWeights> run() {
    IG_TRY(check());
    prepare();
    IG_TRY(resume());
    const auto epochs = static_cast<std::uint64_t>(setup_.options.epochs);
    while (at_.epoch < epochs) {
      IG_TRY(corpus_.pass([this](std::span<const vectors::CorpusPiece> pieces) { return train(pieces); }, context_));
      at_ = {at_.epoch + 1, 0, at_.words};
      last_loss_ = mean_loss();
      loss_ = pairs_ = 0;
    }
    const std::uint64_t expected = epochs * corpus_.total();
    if (at_.words != expected) {
      return fail(Code::internal,
                  "training saw " + std::to_string(at_.words) + " words of " + std::to_string(expected) + ".");
    }
    IG_TRY(check_finite());
    weights_.loss = last_loss_;
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

  Status train(std::span<const vectors::CorpusPiece> pieces) {
    Context alone = context_;
    alone.threads = 1;
    const Context& context = setup_.options.deterministic ? alone : context_;
    next_ = 0;
    while (next_ < pieces.size() && pieces[next_].number < at_.piece) ++next_;  // done before the interruption
    while (next_ < pieces.size()) {
      first_ = next_;
      parallel_for(context, context.thread_count(), 1, [&](std::size_t, std::size_t) {
        while (const vectors::CorpusPiece* piece = claim(pieces)) train_piece(*piece);
      });
      at_.piece = next_ < pieces.size() ? pieces[next_].number : pieces.back().number + 1;
      const Status go_on = context_.check();
      if (checkpoint_.due() || (checkpoint_.wanted() && !go_on)) IG_TRY(write_checkpoint());
      IG_TRY(std::move(go_on));
    }
    return {};
  }

  // The next piece, null when there is none or all are to stop: pieces are begun in their order, so that those before
  // next_ are done when all threads are back.
  const vectors::CorpusPiece* claim(std::span<const vectors::CorpusPiece> pieces) {
    const std::lock_guard lock(mutex_);
    const bool pause = checkpoint_.due() && next_ > first_;
    if (next_ == pieces.size() || pause || !context_.check()) return nullptr;
    return &pieces[next_++];
  }

  void train_piece(const vectors::CorpusPiece& piece) {
    // Stream 0 made the first vectors.
    PairSteps steps(setup_, Random(context_.seed, 1 + (at_.epoch << 32 | piece.number)));
    const auto longest = static_cast<std::size_t>(setup_.options.sentence_length);
    std::uint64_t words = 0;
    for (std::size_t at = 0; at < piece.ids.size();) {
      std::size_t end = at;
      while (end < piece.ids.size() && piece.ids[end] != vectors::kSentenceEnd && end - at < longest) ++end;
      steps.sentence(piece.ids.subspan(at, end - at), alpha_at(at_.epoch * corpus_.total() + piece.before + words));
      words += end - at;
      at = end + (end < piece.ids.size() && piece.ids[end] == vectors::kSentenceEnd ? 1 : 0);
    }
    steps.finish();
    const std::lock_guard lock(mutex_);
    at_.words += words;
    loss_ += steps.loss();
    pairs_ += 1;
    if (std::this_thread::get_id() != main_) return;
    const double total = static_cast<double>(corpus_.total()) * static_cast<double>(setup_.options.epochs);
    context_.report({"train", "words", static_cast<double>(at_.words), total, mean_loss()});
  }

  Status write_checkpoint() {
    formats::SafeTensorsWriter tensors;
    for (const auto& [name, matrix] : matrices()) {
      tensors.add_view(name, {matrix->rows(), matrix->padded()}, std::span<const float>(matrix->numbers()));
    }
    const std::int64_t place[] = {static_cast<std::int64_t>(at_.epoch), static_cast<std::int64_t>(at_.piece),
                                  static_cast<std::int64_t>(at_.words)};
    const double loss[] = {loss_, pairs_};
    tensors.add_view("place", {3}, std::span<const std::int64_t>(place));
    tensors.add_view("loss", {2}, std::span<const double>(loss));
    return checkpoint_.write(std::move(tensors));
  }

  Status resume() {
    const auto file = IG_TRY(checkpoint_.read());
    if (!file) return {};
    for (const auto& [name, matrix] : matrices()) {
      const std::size_t shape[] = {matrix->rows(), matrix->padded()};
      std::ranges::copy(IG_TRY(file->tensors.view<float>(name, shape)), matrix->row(0));
    }
    const std::size_t three[] = {3};
    const std::size_t two[] = {2};
    const auto place = IG_TRY(file->tensors.view<std::int64_t>("place", three));
    const auto loss = IG_TRY(file->tensors.view<double>("loss", two));
    at_ = {static_cast<std::uint64_t>(place[0]), static_cast<std::uint64_t>(place[1]),
           static_cast<std::uint64_t>(place[2])};
    loss_ = loss[0];
    pairs_ = loss[1];
    context_.say(LogLevel::info, "going on from '" + checkpoint_.path().string() + "': epoch " +
                                     std::to_string(at_.epoch + 1) + ", " + counted(at_.words, "word") + " read.");
    return {};
  }

  // By the names they have in a checkpoint; those that the options leave out have no rows.
  std::vector<std::pair<std::string, training::RowMatrix*>> matrices() {
    std::vector<std::pair<std::string, training::RowMatrix*>> all;
    if (weights_.inputs.rows() > 0) all.emplace_back("inputs", &weights_.inputs);
    if (weights_.outputs.rows() > 0) all.emplace_back("outputs", &weights_.outputs);
    if (weights_.nodes.rows() > 0) all.emplace_back("nodes", &weights_.nodes);
    return all;
  }

  float alpha_at(std::uint64_t words) const {
    const Word2vecOptions& o = setup_.options;
    const double done =
        static_cast<double>(words) / (static_cast<double>(corpus_.total()) * static_cast<double>(o.epochs));
    return static_cast<float>(o.alpha - (o.alpha - o.min_alpha) * done);
  }

  double mean_loss() const { return pairs_ > 0 ? loss_ / pairs_ : 0; }

  Status check_finite() {
    for (const auto& [name, matrix] : matrices()) {
      for (const float number : matrix->numbers()) {
        if (std::isfinite(number)) continue;
        return fail(Code::invalid_argument, "training ran away: some numbers are no longer finite. Lower alpha (" +
                                                std::to_string(setup_.options.alpha) + ") or block (" +
                                                std::to_string(setup_.options.block) + ").");
      }
    }
    return {};
  }

  struct Place {
    std::uint64_t epoch = 0;
    std::uint64_t piece = 0;  // the first of this epoch that is not done
    std::uint64_t words = 0;  // read, of all epochs
  };

  const vectors::WordCorpus& corpus_;
  const Word2vecBase& base_;
  Context& context_;
  training::Checkpoint checkpoint_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  PairSetup setup_;
  Word2vecWeights weights_;
  std::vector<std::uint32_t> keep_;
  Place at_;
  std::size_t next_ = 0;   // of the pieces that are at hand
  std::size_t first_ = 0;  // of those since the last checkpoint
  std::mutex mutex_;
  double loss_ = 0, pairs_ = 0;  // means of pieces, and how many
  double last_loss_ = 0;         // of the epoch before
};

}  // namespace

Result<Word2vecWeights> train_word2vec(const vectors::WordCorpus& corpus, const Word2vecOptions& options,
                                       const Word2vecBase& base, training::Checkpoint checkpoint, Context& context) {
  return Training(corpus, options, base, std::move(checkpoint), context).run();
}

}  // namespace isogloss::model
