// SPDX-License-Identifier: Apache-2.0
// Skip-gram and CBOW over n-grams.
#include "core/text.hpp"
#include "model/fasttext/fasttext_trainer.hpp"
#include "model/fasttext/subword_steps.hpp"
#include "train/corpus_training.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::model {
namespace {

// Steps of many pairs sum up what single pairs would correct on the way: with few words they hit the same rows again
// and again, and the sums run away. Such a vocabulary is no matter of speed either.
constexpr std::size_t kFewWords = 256;
constexpr std::size_t kSentence = 1024;                         // longer lines are cut, as in the original
constexpr std::uint64_t kFirstStream = std::uint64_t{1} << 62;  // of pieces; those below made the first vectors

constexpr std::size_t kFloretRows = 50'000;  // as its authors' example

class Piece final : public training::CorpusTraining::Piece {
 public:
  Piece(const SubwordSetup& setup, std::uint64_t seed, std::uint64_t stream)
      : alpha_(setup.options.alpha), steps_(setup, Random(seed, kFirstStream + stream)) {}
  void sentence(std::span<const std::uint32_t> ids, double done) override {
    steps_.sentence(ids, static_cast<float>(alpha_ * (1 - done)));
  }
  void finish() override { steps_.finish(); }
  double loss() const override { return steps_.loss(); }

 private:
  double alpha_;
  SubwordSteps steps_;
};

class WordTraining {
 public:
  WordTraining(const vectors::WordCorpus& corpus, const FasttextOptions& options, Context& context)
      : corpus_(corpus), context_(context) {
    setup_.options = options;
    if (corpus.counts().size() < kFewWords) setup_.options.block = 0;
  }

  Result<formats::FasttextFile> run(training::Checkpoint checkpoint) {
    IG_TRY(prepare());
    const FasttextOptions& o = setup_.options;
    training::CorpusTraining loop(corpus_, {static_cast<std::uint64_t>(o.epochs), kSentence, o.deterministic},
                                  std::move(checkpoint), context_);
    loop.keep("inputs", inputs_);
    loop.keep("outputs", outputs_);
    IG_TRY(loop.run([&](std::uint64_t stream) { return std::make_unique<Piece>(setup_, context_.seed, stream); },
                    "alpha (" + std::to_string(o.alpha) + ")"));
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
    const std::size_t bucket = o.bucket > 0 && (o.floret > 0 || o.maxn > 0) ? static_cast<std::size_t>(o.bucket)
                               : o.floret > 0                               ? kFloretRows
                               : o.maxn > 0                                 ? sized_bucket()
                                                                            : 0;
    file_.settings = settings_of(o, bucket);
    if (o.floret > 0) file_.settings.hashes = static_cast<std::int32_t>(o.floret);
    file_.tokens = static_cast<std::int64_t>(corpus_.seen());
    const std::size_t words = counts.size();
    const auto dim = static_cast<std::size_t>(o.dim);
    const tokens::Subwords subwords(o.floret > 0 ? 0 : words,
                                    {static_cast<std::size_t>(o.minn), static_cast<std::size_t>(o.maxn), bucket,
                                     static_cast<std::size_t>(file_.settings.hashes)});
    for (std::uint32_t i = 0; i < words; ++i) {
      if (o.floret == 0) setup_.words.rows.push_back(i);
      subwords.add_ngrams(file_.words[i], setup_.words.rows);
      setup_.words.starts.push_back(setup_.words.rows.size());
    }
    inputs_ = random_rows((o.floret > 0 ? 0 : words) + bucket, dim, context_);
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

  const vectors::WordCorpus& corpus_;
  Context& context_;
  formats::FasttextFile file_;
  SubwordSetup setup_;
  training::RowMatrix inputs_, outputs_;
};

}  // namespace

Result<formats::FasttextFile> train_word_model(const Dataset& data, const FasttextOptions& options,
                                               const TrainingRun& run, Context& context) {
  IG_TRY(context.check());
  if (options.loss != "ns" && options.loss != "hs") {
    return fail(Code::invalid_argument,
                "loss = " + options.loss + " is for model = supervised; word models take ns or hs.");
  }
  vectors::WordCorpus corpus = IG_TRY(vectors::WordCorpus::count(data, vectors::corpus_rules(options), context));
  IG_TRY(corpus.hold(context.memory_limit == 0 ? SIZE_MAX : context.memory_limit / 2, context));
  const std::string mark = vectors::training_mark("fasttext 1", option_values(options), corpus, "", context);
  return WordTraining(corpus, options, context).run(training::Checkpoint(run, mark));
}

}  // namespace isogloss::model
