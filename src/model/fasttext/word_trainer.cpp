// SPDX-License-Identifier: Apache-2.0
// Skip-gram and CBOW over n-grams. Pieces of the corpus, one after another, go to whichever thread is free; all write
// to the same rows without locks (subword_steps.hpp). Everything random of a piece comes from its own stream of the
// seed, the learning rate from its place in the corpus, so that one thread alone always makes the same bits; the
// deterministic mode is this one thread.
#include <atomic>
#include <mutex>
#include <thread>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "model/fasttext/fasttext_trainer.hpp"
#include "model/fasttext/subword_steps.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {
namespace {

// Steps of many pairs sum up what single pairs would correct on the way: with few words they hit the same rows again
// and again, and the sums run away. Such a vocabulary is no matter of speed either.
constexpr std::size_t kFewWords = 256;
constexpr std::size_t kSentence = 1024;                         // longer lines are cut, as in the original
constexpr std::uint64_t kFirstStream = std::uint64_t{1} << 62;  // of pieces; those below made the first vectors

class WordTraining {
 public:
  WordTraining(const vectors::WordCorpus& corpus, const FasttextOptions& options, Context& context)
      : corpus_(corpus), context_(context), main_(std::this_thread::get_id()) {
    setup_.options = options;
    if (corpus.counts().size() < kFewWords) setup_.options.block = 0;
  }

  Result<formats::FasttextFile> run() {
    IG_TRY(prepare());
    const auto epochs = static_cast<std::uint64_t>(setup_.options.epochs);
    for (epoch_ = 0; epoch_ < epochs; ++epoch_) {
      loss_ = pieces_ = 0;
      IG_TRY(corpus_.pass([this](std::span<const vectors::CorpusPiece> pieces) { return train(pieces); }, context_));
    }
    const std::uint64_t expected = epochs * corpus_.total();
    if (words_ != expected) {
      return fail(Code::internal,
                  "training saw " + std::to_string(words_) + " words of " + std::to_string(expected) + ".");
    }
    IG_TRY(check_finite(inputs_, setup_.options.alpha));
    IG_TRY(check_finite(outputs_, setup_.options.alpha));
    context_.say(LogLevel::info, std::to_string(epochs) + " x " + counted(corpus_.total(), "word") +
                                     " read, as expected; loss " + std::to_string(mean_loss()) + " a pair.");
    const std::size_t rows = inputs_.rows(), words = outputs_.rows(), dim = inputs_.dim();
    file_.input = formats::FasttextMatrix::holding(std::move(inputs_).compact(), rows, dim);
    file_.output = formats::FasttextMatrix::holding(std::move(outputs_).compact(), words, dim);
    return std::move(file_);
  }

 private:
  Status prepare() {
    const FasttextOptions& o = setup_.options;
    for (std::size_t i = 0; i < corpus_.counts().size(); ++i) {
      file_.words.add(corpus_.words().word(static_cast<std::uint32_t>(i)));
      file_.word_counts.push_back(static_cast<std::int64_t>(corpus_.counts()[i]));
    }
    const Pretrained pretrained = IG_TRY(read_pretrained(o, context_));
    add_pretrained_words(pretrained, file_);
    const std::vector<std::uint64_t> counts(file_.word_counts.begin(), file_.word_counts.end());
    const std::size_t bucket = o.maxn > 0 ? o.bucket > 0 ? static_cast<std::size_t>(o.bucket) : sized_bucket() : 0;
    file_.settings = settings_of(o, bucket);
    file_.tokens = static_cast<std::int64_t>(corpus_.seen());
    const std::size_t words = counts.size();
    const auto dim = static_cast<std::size_t>(o.dim);
    const tokens::Subwords subwords(words,
                                    {static_cast<std::size_t>(o.minn), static_cast<std::size_t>(o.maxn), bucket});
    for (std::uint32_t i = 0; i < words; ++i) {
      setup_.words.rows.push_back(i);
      subwords.add_ngrams(file_.words[i], setup_.words.rows);
      setup_.words.starts.push_back(setup_.words.rows.size());
    }
    inputs_ = random_rows(words + bucket, dim, context_);
    copy_pretrained(pretrained, file_, inputs_);
    outputs_ = training::RowMatrix(words, dim);
    if (o.loss == "hs") {
      setup_.tree = training::HuffmanTree(counts);
    } else {
      setup_.negatives = training::negative_table(counts, o.ns_exponent);
    }
    setup_.keep = training::keep_limits(counts, o.sample);
    setup_.inputs = &inputs_;
    setup_.outputs = &outputs_;
    setup_.kernels = &training::pair_kernels();
    context_.say(LogLevel::info, counted(words, "word") + " in the vocabulary, " + std::to_string(corpus_.total()) +
                                     " of " + counted(corpus_.seen(), "word") + " of the text; " +
                                     counted(bucket, "row") + " for n-grams.");
    return context_.check();
  }

  std::size_t sized_bucket() const {
    const tokens::Subwords all(
        0, {static_cast<std::size_t>(setup_.options.minn), static_cast<std::size_t>(setup_.options.maxn), 1});
    DistinctCounter distinct;
    for (std::size_t i = 0; i < file_.words.size(); ++i) {
      all.each_ngram(file_.words[i], [&](const tokens::Ngram& gram) { distinct.add(gram.hash); });
    }
    return bucket_for(distinct.count());
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
    SubwordSteps steps(setup_, Random(context_.seed, kFirstStream + (epoch_ << 32 | piece.number)));
    std::uint64_t words = 0;
    for (std::size_t at = 0; at < piece.ids.size();) {
      std::size_t end = at;
      while (end < piece.ids.size() && piece.ids[end] != vectors::kSentenceEnd && end - at < kSentence) ++end;
      steps.sentence(piece.ids.subspan(at, end - at), alpha_at(epoch_ * corpus_.total() + piece.before + words));
      words += end - at;
      at = end + (end < piece.ids.size() && piece.ids[end] == vectors::kSentenceEnd ? 1 : 0);
    }
    steps.finish();
    words_ += words;
    const std::lock_guard lock(mutex_);
    loss_ += steps.loss();
    pieces_ += 1;
    if (std::this_thread::get_id() != main_) return;
    const double total = static_cast<double>(corpus_.total()) * static_cast<double>(setup_.options.epochs);
    context_.report({"train", "words", static_cast<double>(words_), total, mean_loss()});
  }

  float alpha_at(std::uint64_t words) const {
    const FasttextOptions& o = setup_.options;
    const double done =
        static_cast<double>(words) / (static_cast<double>(corpus_.total()) * static_cast<double>(o.epochs));
    return static_cast<float>(o.alpha * (1 - done));
  }

  double mean_loss() const { return pieces_ > 0 ? loss_ / pieces_ : 0; }

  const vectors::WordCorpus& corpus_;
  Context& context_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  formats::FasttextFile file_;
  SubwordSetup setup_;
  training::RowMatrix inputs_, outputs_;
  std::uint64_t epoch_ = 0;
  std::atomic<std::uint64_t> words_ = 0;
  std::mutex mutex_;
  double loss_ = 0, pieces_ = 0;  // sum of the means of pieces, and how many
};

}  // namespace

Result<formats::FasttextFile> train_word_model(const Dataset& data, const FasttextOptions& options, Context& context) {
  IG_TRY(context.check());
  if (options.loss != "ns" && options.loss != "hs") {
    return fail(Code::invalid_argument,
                "loss = " + options.loss + " is for model = supervised; word models take ns or hs.");
  }
  vectors::CorpusRules rules;
  rules.lowercase = options.lowercase;
  rules.signs = options.split == "words";
  rules.min_count = static_cast<std::uint64_t>(options.min_count);
  rules.max_vocab = static_cast<std::size_t>(options.max_vocab);
  vectors::WordCorpus corpus = IG_TRY(vectors::WordCorpus::count(data, rules, context));
  IG_TRY(corpus.hold(context.memory_limit == 0 ? SIZE_MAX : context.memory_limit / 2, context));
  return WordTraining(corpus, options, context).run();
}

}  // namespace isogloss::model
