// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/text_model.hpp"

#include "core/compute_type.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/times.hpp"
#include "heads/embed_rows.hpp"
#include "heads/text_list.hpp"
#include "isogloss/family.hpp"

namespace isogloss::evaluation {

void record_model(const Card& card, std::map<std::string, std::string>& out) {
  out["family"] = card.family;
  out["space"] = card.space_id;
  out["dimension"] = std::to_string(card.dimension);
}

Result<TextModel> TextModel::open(std::string_view reference, std::span<const std::string> corpus,
                                  const EvalOptions& options, Context& context) {
  const Stopwatch watch;
  TextModel out;
  const heads::TextList texts(corpus, "the texts of the task");
  out.model_ = cached(IG_TRY(load_or_fit(reference, texts, context)), options.cache);
  out.embedder_ = out.model_->ability<Embedder>();
  out.scorer_ = out.model_->ability<PairScorer>();
  if (out.embedder_ == nullptr && out.scorer_ == nullptr) {
    return fail(Code::unsupported,
                "model '" + std::string(reference) + "' neither gives vectors for texts nor scores pairs of them.");
  }
  out.options_.truncate = options.truncate;
  out.options_.compute = options.compute;
  out.options_.dim = options.dim;
  out.load_seconds_ = watch.seconds();
  return out;
}

Result<heads::Features> TextModel::embed(std::span<const std::string> texts, Role role, Context& context) {
  if (embedder_ == nullptr) return fail(Code::unsupported, "The model only scores pairs; this task needs vectors.");
  const Stopwatch watch;
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text, role));
  heads::EmbeddedRows found = IG_TRY(heads::embed_rows(*embedder_, inputs, options_, context));
  texts_ += found.distinct;
  cut_ += found.cut;
  tokens_ += found.tokens;
  seconds_ += watch.seconds();
  return std::move(found.rows);
}

Result<std::vector<heads::Likeness>> TextModel::likenesses(std::span<const std::string> a,
                                                           std::span<const std::string> b, Context& context) {
  std::vector<heads::Likeness> out(a.size());
  if (embedder_ == nullptr) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::string_view document[] = {b[i]};
      float score[1] = {};
      IG_TRY(scorer_->score(a[i], document, score, context));
      out[i].cosine = out[i].dot = static_cast<double>(score[0]);
    }
    return out;
  }
  const heads::Features rows = IG_TRY(embed(joined(a, b), Role::none, context));
  parallel_for(context, a.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = rows.likeness(i, rows, a.size() + i);
  });
  return out;
}

void TextModel::record(std::map<std::string, std::string>& out) const {
  const Card& card = model_->card();
  record_model(card, out);
  out["dimension"] = std::to_string(options_.dim != 0 ? options_.dim : card.dimension);
  out["window"] = std::to_string(card.window);
  for (const auto& [name, value] : card.facts) out[name] = value;
  out["compute"] = compute_type(card, options_.compute);
  for (const auto& [name, text] : card.prompts) out["prompt " + name] = text;
  out["texts"] = std::to_string(texts_);
  out["texts cut"] = std::to_string(cut_);
  out["tokens"] = std::to_string(tokens_);
  out["load seconds"] = std::to_string(load_seconds_);
  out["embed seconds"] = std::to_string(seconds_);
}

void Report::add(std::string metric, double value, std::pair<double, double> interval) {
  figures_.push_back({.model = model_,
                      .task = task_,
                      .metric = std::move(metric),
                      .value = value,
                      .low = interval.first,
                      .high = interval.second,
                      .n = 0,
                      .of = 0,
                      .convention = convention_,
                      .record = {}});
}

void Report::add_mean(std::string metric, std::span<const double> values, const EvalOptions& options,
                      const Context& context) {
  add(std::move(metric), mean(values),
      values.size() > 1 ? mean_interval(values, options.resamples, context.seed) : std::pair(0.0, 0.0));
}

std::vector<EvalFigure> Report::take() {
  for (EvalFigure& figure : figures_) {
    if (figure.low == 0 && figure.high == 0) figure.low = figure.high = figure.value;
    figure.n = n;
    figure.of = of;
    figure.record = record;
  }
  return std::move(figures_);
}

}  // namespace isogloss::evaluation
