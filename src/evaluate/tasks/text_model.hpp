// SPDX-License-Identifier: Apache-2.0
// The texts of a task as one model sees them, and the figures that come of it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heads/features.hpp"
#include "isogloss/evaluate.hpp"
#include "isogloss/model.hpp"

namespace isogloss::evaluation {

// What a model is, of what is needed to repeat a figure.
void record_model(const Card& card, std::map<std::string, std::string>& out);

class TextModel {
 public:
  // Opens a model that embeds texts or scores pairs of them. fit:FAMILY is fitted on `corpus`, the texts of the task,
  // never on labels or scores. Error{unsupported}: the model does neither.
  static Result<TextModel> open(std::string_view reference, std::span<const std::string> corpus,
                                const EvalOptions& options, Context& context);

  // A row for every text, (texts); equal texts are embedded once. Error{unsupported}: the model only scores pairs.
  Result<heads::Features> embed(std::span<const std::string> texts, Role role, Context& context);
  // How near the two texts of a pair are, a to b. (pairs). A model that scores pairs only gives its score as cosine.
  Result<std::vector<heads::Likeness>> likenesses(std::span<const std::string> a, std::span<const std::string> b,
                                                  Context& context);
  bool embeds() const { return embedder_ != nullptr; }

  // What is needed to repeat a figure: the model and how it was asked.
  void record(std::map<std::string, std::string>& out) const;

 private:
  ModelPtr model_;
  const Embedder* embedder_ = nullptr;
  const PairScorer* scorer_ = nullptr;
  EmbedOptions options_;
  std::size_t texts_ = 0, cut_ = 0, tokens_ = 0;
  double load_seconds_ = 0;
  double seconds_ = 0;  // of embedding
};

// The figures of one model on one task: what they have in common is said once.
class Report {
 public:
  Report(std::string_view model, std::string task, std::string convention)
      : model_(model), task_(std::move(task)), convention_(std::move(convention)) {}

  std::size_t n = 0, of = 0;                  // items used, items there
  std::map<std::string, std::string> record;  // of every figure
  // interval: 95 %; equal ends = none.
  void add(std::string metric, double value, std::pair<double, double> interval = {0, 0});
  // The mean of the values of single items, with its interval; of one value there is none.
  void add_mean(std::string metric, std::span<const double> values, const EvalOptions& options, const Context& context);
  std::vector<EvalFigure> take();

 private:
  std::string model_, task_, convention_;
  std::vector<EvalFigure> figures_;
};

}  // namespace isogloss::evaluation
