// SPDX-License-Identifier: Apache-2.0
// Options by trial: each trial trains on the text and labels the validation file. A trial moves every option that was
// not settled by a Gaussian step from the best so far, on a logarithmic scale where the option asks for it; steps
// become narrower as the time goes. What is drawn depends on the seed alone, how much of it is tried on the machine.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/random.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "model/fasttext/fasttext_model.hpp"
#include "model/fasttext/fasttext_trainer.hpp"

namespace isogloss::model {
namespace {

using Clock = std::chrono::steady_clock;

struct Validation {
  std::vector<std::string> texts;
  std::vector<std::vector<std::string>> labels;  // of each text
};

Result<Validation> read_validation(const FasttextOptions& o) {
  const std::string content = IG_TRY(read_unpacked(o.tune_validation, SIZE_MAX));
  Validation out;
  for (const std::string_view line : split(content, '\n')) {
    std::vector<std::string> labels;
    each_word(line, {}, o.label_prefix, [&](std::string_view word) {
      if (word.starts_with(o.label_prefix)) labels.emplace_back(word.substr(o.label_prefix.size()));
    });
    if (labels.empty()) continue;
    out.texts.emplace_back(line);
    out.labels.push_back(std::move(labels));
  }
  if (out.texts.empty()) {
    return fail(Code::invalid_argument,
                "'" + o.tune_validation + "' has no line with a label (--label-prefix is '" + o.label_prefix + "').");
  }
  return out;
}

// F1 of the first label of each text over all (the original's default metric, one prediction a text).
Result<double> score_of(formats::FasttextFile file, const FasttextOptions& o, const Validation& validation,
                        Context& context) {
  FasttextInfo info;
  info.options.label_prefix = o.label_prefix;
  info.rules = rules_of(o);
  info.space_id = "trial";
  const auto model = IG_TRY(FasttextModel::make(std::move(file), std::move(info), o.tune_validation));
  std::vector<Input> inputs;
  for (const std::string& text : validation.texts) inputs.push_back(Input::text(text));
  const auto found = IG_TRY(model->classify(inputs, 1, context));
  double right = 0, told = 0, wanted = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    wanted += static_cast<double>(validation.labels[i].size());
    if (found[i].empty()) continue;
    told += 1;
    right += std::ranges::count(validation.labels[i], model->label(found[i][0].label)) > 0 ? 1 : 0;
  }
  return told + wanted > 0 ? 2 * right / (told + wanted) : 0.0;
}

class Search {
 public:
  Search(const FasttextOptions& start, Random random) : best_(start), random_(random) {}

  // The next options; `spread` falls from 1 to 0 over the search.
  FasttextOptions next(double spread) {
    FasttextOptions o = best_;
    o.epochs = whole(o.epochs, 1, 100, 2.8 * spread);
    o.alpha = std::clamp(o.alpha * std::pow(2.0, random_.normal() * 1.9 * spread), 0.01, 5.0);
    o.dim = whole(o.dim, 4, 1000, 1.4 * spread);
    o.word_ngrams = step(o.word_ngrams, 1, 5, 4.3 * spread);
    const bool letters = random_.uniform() < 0.3;
    o.minn = letters ? 2 + static_cast<std::int64_t>(random_.bounded(2)) : random_.uniform() < 0.5 ? best_.minn : 0;
    o.maxn = o.minn > 0 ? o.minn + 1 + static_cast<std::int64_t>(random_.bounded(3)) : 0;
    return o;
  }
  bool offer(const FasttextOptions& tried, double score) {
    if (score <= score_) return false;
    score_ = score;
    best_ = tried;
    return true;
  }
  const FasttextOptions& best() const { return best_; }
  double score() const { return score_; }

 private:
  std::int64_t whole(std::int64_t value, std::int64_t low, std::int64_t high, double octaves) {
    const double moved = static_cast<double>(value) * std::pow(2.0, random_.normal() * octaves);
    return std::clamp(static_cast<std::int64_t>(std::llround(std::min(moved, 1e6))), low, high);
  }
  std::int64_t step(std::int64_t value, std::int64_t low, std::int64_t high, double width) {
    return std::clamp(value + static_cast<std::int64_t>(std::llround(random_.normal() * width / 2)), low, high);
  }

  FasttextOptions best_;
  double score_ = -1;
  Random random_;
};

std::string described(const FasttextOptions& o) {
  return "epochs " + std::to_string(o.epochs) + ", alpha " + std::to_string(o.alpha) + ", dim " +
         std::to_string(o.dim) + ", word_ngrams " + std::to_string(o.word_ngrams) + ", letters " +
         std::to_string(o.minn) + " to " + std::to_string(o.maxn);
}

}  // namespace

Result<FasttextOptions> tune_classifier(const Dataset& data, const FasttextOptions& options, Context& context) {
  const Validation validation = IG_TRY(read_validation(options));
  FasttextOptions start = options;
  start.cutoff = 0;
  Search search(start, Random(context.seed, 7));
  const auto begin = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const auto limit = static_cast<double>(options.tune_seconds);
  std::size_t trials = 0;
  for (double spent = 0; trials == 0 || spent < limit; spent = seconds()) {
    IG_TRY(context.check());
    const FasttextOptions tried = trials++ == 0 ? start : search.next(std::max(0.05, 1 - spent / limit));
    // A trial may take what is left of the time, the first what it takes.
    Context trial = context;
    trial.log = nullptr;
    trial.progress = nullptr;
    if (trials > 1)
      trial.deadline = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limit));
    auto file = train_classifier(data, tried, trial);
    if (!file) {
      IG_TRY(context.check());
      if (trials == 1) return fail(file.error());
      continue;  // out of time, or a rate so high that training ran away
    }
    const double score = IG_TRY(score_of(*std::move(file), tried, validation, context));
    if (search.offer(tried, score)) {
      context.say(LogLevel::info, "trial " + std::to_string(trials) + ": F1 " + std::to_string(score) + " with " +
                                      described(tried) + ".");
    }
  }
  context.say(LogLevel::info, counted(trials, "trial") + "; trained with " + described(search.best()) + ".");
  FasttextOptions best = search.best();
  best.cutoff = options.cutoff;
  return best;
}

}  // namespace isogloss::model
