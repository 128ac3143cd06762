// SPDX-License-Identifier: Apache-2.0
// Count, shuffle, train. Counting and shuffling do not depend on threads or memory (vectors/cooccurrence.hpp,
// glove_cells.hpp). In training, pieces of cells go to whichever thread is free, and all write to the same rows without
// locks; the deterministic mode is one thread. A checkpoint keeps the rows and which pieces of the epoch are done; for
// it all threads finish their piece, so the rows hold those pieces and nothing else.
#include "model/glove/glove_trainer.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>
#include <thread>

#include "core/huge_pages.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "math/matrix.hpp"
#include "model/glove/glove_cells.hpp"
#include "vectors/cooccurrence.hpp"

namespace isogloss::model {
namespace {

constexpr std::uint64_t kBucketPairs = std::uint64_t{1} << 23;  // pairs of the text for a bucket; about a fifth differ
constexpr std::size_t kMostBuckets = 4096;

std::string size_of(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

class Training {
 public:
  Training(vectors::WordCorpus& corpus, const GloveOptions& options, training::Checkpoint checkpoint, Context& context)
      : corpus_(corpus),
        options_(options),
        checkpoint_(std::move(checkpoint)),
        context_(context),
        main_(std::this_thread::get_id()) {}

  Result<GloveWeights> run() {
    IG_TRY(prepare());
    ShuffledCells cells = IG_TRY(count());
    start_rows();
    GloveWeights out;
    const std::vector<ShuffledCells::Piece> pieces = cells.pieces();
    done_.assign(pieces.size(), 0);
    losses_.assign(pieces.size(), 0);
    IG_TRY(resume());
    const auto epochs = static_cast<std::uint64_t>(options_.epochs);
    for (; epoch_ < epochs; ++epoch_) {
      IG_TRY(train_epoch(cells, pieces));
      out.loss = std::reduce(losses_.begin(), losses_.end()) / static_cast<double>(steps_);
      if (!std::isfinite(out.loss)) return ran_away();
      std::ranges::fill(done_, 0);
    }
    for (const float x : rows_) {
      if (!std::isfinite(x)) return ran_away();
    }
    out.cells = steps_;
    out.vectors = vectors();
    return out;
  }

 private:
  Status prepare() {
    step_.dim = static_cast<std::size_t>(options_.dim);
    step_.padded = (step_.dim + training::kRowFloats - 1) / training::kRowFloats * training::kRowFloats;
    step_.symmetric = options_.symmetric;
    step_.log_x_max = static_cast<float>(std::log(options_.x_max));
    step_.alpha = static_cast<float>(options_.alpha);
    step_.eta = static_cast<float>(options_.eta);
    step_.clip = static_cast<float>(options_.grad_clip);
    limit_ = context_.memory_limit == 0 ? SIZE_MAX : context_.memory_limit;
    words_ = corpus_.counts().size();
    const std::size_t bytes = words_ * step_.stride() * sizeof(float);
    if (bytes <= limit_) return {};
    return fail(Code::out_of_memory,
                "training " + counted(words_, "word") + " of " + std::to_string(step_.dim) + " dimensions takes " +
                    size_of(bytes) + ", the memory limit is " + size_of(limit_) +
                    ". Raise --memory-limit, or lower --dim or --max-vocab, or raise --min-count.");
  }

  // From the text to the cells in random order.
  Result<ShuffledCells> count() {
    IG_TRY(corpus_.hold(limit_ / 4, context_));
    vectors::CooccurrenceRules rules;
    rules.window = static_cast<std::size_t>(options_.window);
    rules.by_distance = options_.distance_weighting;
    rules.symmetric = options_.symmetric;
    vectors::CooccurrenceCounter counter(words_, rules, limit_ / 2, context_.thread_count());
    std::uint64_t words = 0;
    IG_TRY(corpus_.pass(
        [&](std::span<const vectors::CorpusPiece> pieces) -> Status {
          // In waves, so that progress is told and cancelling is heard.
          constexpr std::size_t kWave = 64;
          for (std::size_t at = 0; at < pieces.size(); at += kWave) {
            const auto wave = pieces.subspan(at, std::min(kWave, pieces.size() - at));
            IG_TRY(counter.add(wave, context_));
            words = wave.back().before + wave.back().words;
            context_.report({"count", "words", static_cast<double>(words), static_cast<double>(corpus_.total()), 0});
          }
          return {};
        },
        context_));
    corpus_.release();
    return collect(counter);
  }

  Result<ShuffledCells> collect(vectors::CooccurrenceCounter& counter) {
    const std::uint64_t pairs = corpus_.total() * static_cast<std::uint64_t>(options_.window);
    const std::size_t bytes = words_ * step_.stride() * sizeof(float);
    ShuffledCells cells(std::min<std::uint64_t>(kMostBuckets, 1 + pairs / kBucketPairs),
                        std::min(limit_ / 2, limit_ - bytes), context_.seed);
    std::vector<GloveCell> batch;
    std::uint64_t diagonal = 0;
    IG_TRY(counter.finish(
        [&](std::span<const vectors::CooccurrenceCell> found) {
          batch.clear();
          for (const vectors::CooccurrenceCell& cell : found) {
            batch.push_back({cell.row, cell.column, static_cast<float>(std::log(cell.count()))});
            diagonal += cell.row == cell.column ? 1 : 0;
          }
          return cells.add(batch);
        },
        context_));
    if (cells.size() == 0) {
      return fail(Code::invalid_argument,
                  "no two words of the vocabulary meet in a line of the training text. Give longer lines, or lower "
                  "--min-count.");
    }
    steps_ = options_.symmetric ? 2 * cells.size() - diagonal : cells.size();
    IG_TRY(cells.shuffle(context_));
    context_.say(LogLevel::info,
                 std::to_string(steps_) + " pairs of words meet" +
                     (counter.spilled_bytes() + cells.file_bytes() > 0
                          ? "; " + size_of(counter.spilled_bytes() + cells.file_bytes()) + " of temporary files"
                          : "") +
                     ".");
    return cells;
  }

  // Vectors and biases in U(-0.5, 0.5) / dim, sums of squares 1.
  void start_rows() {
    const std::size_t stride = step_.stride();
    rows_.resize(words_ * stride);
    prefer_huge_pages(std::as_writable_bytes(std::span(rows_)));
    std::ranges::fill(rows_, 0.0F);
    Random random(context_.seed);
    const auto draw = [&] { return (random.uniform_f32() - 0.5F) / static_cast<float>(step_.dim); };
    for (std::size_t i = 0; i < words_; ++i) {
      float* row = rows_.data() + i * stride;
      for (const std::size_t side : {0, 2}) {
        for (std::size_t j = 0; j < step_.dim; ++j) row[side * step_.padded + j] = draw();
        std::fill_n(row + (side + 1) * step_.padded, step_.padded, 1.0F);
        row[4 * step_.padded + side] = draw();
        row[4 * step_.padded + side + 1] = 1;
      }
    }
    step_.words = rows_.data();
  }

  // The pieces of this epoch that are left, with a checkpoint whenever its time has come and when the run is stopped.
  Status train_epoch(const ShuffledCells& cells, std::span<const ShuffledCells::Piece> pieces) {
    while (std::ranges::find(done_, 0) != done_.end()) {
      IG_TRY(train(cells, pieces));
      const Status go_on = context_.check();
      if (checkpoint_.due() || (checkpoint_.wanted() && !go_on)) IG_TRY(write_checkpoint());
      IG_TRY(go_on);
    }
    return {};
  }

  // Until all are done, a checkpoint is due, or the run is stopped.
  Status train(const ShuffledCells& cells, std::span<const ShuffledCells::Piece> pieces) {
    std::mutex mutex;
    Status status;
    std::atomic<bool> pause = false;
    std::size_t done = 0;
    double sum = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (done_[i] == 0) continue;
      done += pieces[i].count;
      sum += losses_[i];
    }
    Context alone = context_;
    alone.threads = 1;
    parallel_for(options_.deterministic ? alone : context_, pieces.size(), 1, [&](std::size_t i, std::size_t) {
      if (done_[i] != 0 || pause || !context_.check()) return;
      std::vector<GloveCell> scratch;
      const auto read = cells.read(pieces[i], scratch);
      GloveStep step = step_;
      if (read) {
        step.cells = read->data();
        step.count = read->size();
        losses_[i] = glove_kernels().train(step);
        done_[i] = 1;
      }
      const std::lock_guard lock(mutex);
      if (!read && status) status = fail(read.error());
      if (!read || checkpoint_.due()) pause = true;
      done += pieces[i].count;
      sum += losses_[i];
      if (std::this_thread::get_id() == main_) tell(done, cells.size(), sum);
    });
    return status;
  }

  Status write_checkpoint() {
    formats::SafeTensorsWriter tensors;
    const std::int64_t epoch[] = {static_cast<std::int64_t>(epoch_)};
    tensors.add_view("rows", {words_, step_.stride()}, std::span<const float>(rows_));
    tensors.add_view("epoch", {1}, std::span<const std::int64_t>(epoch));
    tensors.add_view("done", {done_.size()}, std::span<const std::uint8_t>(done_));
    tensors.add_view("losses", {losses_.size()}, std::span<const double>(losses_));
    return checkpoint_.write(std::move(tensors));
  }

  Status resume() {
    const auto file = IG_TRY(checkpoint_.read());
    if (!file) return {};
    const formats::SafeTensors& tensors = file->tensors;
    const std::size_t shape[] = {words_, step_.stride()};
    const std::size_t one[] = {1};
    const std::size_t pieces[] = {done_.size()};
    std::ranges::copy(IG_TRY(tensors.view<float>("rows", shape)), rows_.begin());
    std::ranges::copy(IG_TRY(tensors.view<std::uint8_t>("done", pieces)), done_.begin());
    std::ranges::copy(IG_TRY(tensors.view<double>("losses", pieces)), losses_.begin());
    epoch_ = static_cast<std::uint64_t>(IG_TRY(tensors.view<std::int64_t>("epoch", one))[0]);
    context_.say(LogLevel::info,
                 "going on from '" + checkpoint_.path().string() + "': epoch " + std::to_string(epoch_ + 1) + ".");
    return {};
  }

  // done, size: cells of this epoch, an order each.
  void tell(std::size_t done, std::size_t size, double sum) const {
    const double share = static_cast<double>(done) / static_cast<double>(size);
    const auto steps = static_cast<double>(steps_);
    context_.report({"train", "cells", (static_cast<double>(epoch_) + share) * steps,
                     static_cast<double>(options_.epochs) * steps, sum / (share * steps)});
  }

  std::unexpected<Error> ran_away() const {
    return fail(Code::invalid_argument,
                "training ran away in epoch " + std::to_string(std::min<std::uint64_t>(epoch_ + 1, options_.epochs)) +
                    ": some numbers are no longer finite. Lower eta (" + std::to_string(options_.eta) +
                    ") or grad_clip (" + std::to_string(options_.grad_clip) + ").");
  }

  std::vector<float> vectors() const {
    std::vector<float> out(words_ * step_.dim);
    const float word = options_.vectors == "contexts" ? 0.0F : 1.0F;
    const float context = options_.vectors == "words" ? 0.0F : 1.0F;
    for (std::size_t i = 0; i < words_; ++i) {
      const float* row = rows_.data() + i * step_.stride();
      for (std::size_t j = 0; j < step_.dim; ++j) {
        out[i * step_.dim + j] = word * row[j] + context * row[2 * step_.padded + j];
      }
    }
    return out;
  }

  vectors::WordCorpus& corpus_;
  const GloveOptions& options_;
  training::Checkpoint checkpoint_;
  Context& context_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  GloveStep step_;
  std::size_t limit_ = 0;
  std::size_t words_ = 0;
  math::AlignedVector<float> rows_;  // (words, stride)
  std::uint64_t epoch_ = 0;
  std::uint64_t steps_ = 0;         // of an epoch, both orders of a pair
  std::vector<std::uint8_t> done_;  // (pieces) of this epoch
  std::vector<double> losses_;      // (pieces) of this epoch, or the one before where it is not done
};

}  // namespace

Result<GloveWeights> train_glove(vectors::WordCorpus& corpus, const GloveOptions& options,
                                 training::Checkpoint checkpoint, Context& context) {
  return Training(corpus, options, std::move(checkpoint), context).run();
}

}  // namespace isogloss::model
