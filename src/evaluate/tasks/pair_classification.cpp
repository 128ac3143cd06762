// SPDX-License-Identifier: Apache-2.0
// Pair classification: do two texts mean the same (1) or not (0)? The rules of MTEB: average precision as
// scikit-learn's (ties are one step), the best F1 and accuracy over all cuts, each for four measures of likeness, and
// the best of them. The scan over cuts sorts once, keeps the order of ties, cuts inside them, and leaves the cut behind
// the last pair out.
#include <algorithm>
#include <array>
#include <numeric>

#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {
namespace {

struct Cuts {
  double f1 = 0, accuracy = 0;
};

Cuts best_cuts(const std::vector<bool>& same, const std::vector<double>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return scores[i]; });
  const auto positives = static_cast<double>(std::ranges::count(same, true));
  const auto n = static_cast<double>(same.size());
  Cuts best;
  double hits = 0;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    hits += same[order[i]] ? 1 : 0;
    const auto taken = static_cast<double>(i + 1);
    best.f1 = std::max(best.f1, 2 * hits / (taken + positives));
    best.accuracy = std::max(best.accuracy, (hits + n - positives - (taken - hits)) / n);
  }
  return best;
}

Result<std::vector<bool>> labels_of(const TextPairs& pairs, std::string_view place) {
  std::vector<bool> out;
  for (const double score : pairs.scores) {
    if (score != 0 && score != 1) {
      return fail(Code::corrupt_data,
                  "'" + std::string(place) + "': a pair is labelled " + std::to_string(score) +
                      "; pair takes 0 and 1. For scores between them take sts:" + std::string(place));
    }
    out.push_back(score == 1);
  }
  if (std::ranges::count(out, true) == 0 || std::ranges::count(out, false) == 0) {
    return fail(Code::corrupt_data,
                "'" + std::string(place) + "' has pairs of one label only; there is nothing to tell apart.");
  }
  return out;
}

constexpr std::array<std::pair<const char*, double (*)(const heads::Likeness&)>, 4> kMeasures{{
    {"cosine", [](const heads::Likeness& l) { return l.cosine; }},
    {"dot", [](const heads::Likeness& l) { return l.dot; }},
    {"euclidean", [](const heads::Likeness& l) { return -l.euclidean; }},
    {"manhattan", [](const heads::Likeness& l) { return -l.manhattan; }},
}};

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const TextPairs pairs = IG_TRY(read_text_pairs(place, options.split, context));
  const std::vector<bool> same = IG_TRY(labels_of(pairs, place));
  TextModel model = IG_TRY(TextModel::open(model_name, joined(pairs.a, pairs.b), options, context));
  const auto likenesses = IG_TRY(model.likenesses(pairs.a, pairs.b, context));
  std::array<double, kMeasures.size()> precisions{};
  std::vector<double> best_scores;
  Cuts best;
  for (std::size_t m = 0; m < (model.embeds() ? kMeasures.size() : 1); ++m) {
    std::vector<double> scores;
    for (const heads::Likeness& likeness : likenesses) scores.push_back(kMeasures[m].second(likeness));
    precisions[m] = IG_TRY(binary_ranking(same, scores)).average_precision;
    const Cuts cuts = best_cuts(same, scores);
    best.f1 = std::max(best.f1, cuts.f1);
    best.accuracy = std::max(best.accuracy, cuts.accuracy);
    if (precisions[m] >= std::ranges::max(precisions)) best_scores = std::move(scores);
  }
  Report report(model_name, task_name(place), "MTEB: the best of cosine, dot, Euclid, Manhattan");
  report.n = same.size();
  report.of = pairs.rows;
  report.add("max_ap", std::ranges::max(precisions),
             bootstrap(same.size(), options.resamples, context.seed, [&](std::span<const std::size_t> indices) {
               std::vector<bool> labels;
               std::vector<double> scores;
               for (const std::size_t i : indices) {
                 labels.push_back(same[i]);
                 scores.push_back(best_scores[i]);
               }
               const auto ranking = binary_ranking(labels, scores);
               return ranking && ranking->average_precision == ranking->average_precision ? ranking->average_precision
                                                                                          : 0;
             }));
  report.add("max_f1", best.f1);
  report.add("max_accuracy", best.accuracy);
  for (std::size_t m = 0; m < (model.embeds() ? kMeasures.size() : 1); ++m) {
    report.add(std::string(kMeasures[m].first) + "_ap", precisions[m]);
  }
  report.record["data"] = pairs.data;
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kPairTask{"pair", "FILE|FOLDER", "pair classification: text, text, 0 or 1; average precision", run};

}  // namespace isogloss::evaluation
