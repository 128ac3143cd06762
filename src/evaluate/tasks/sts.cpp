// SPDX-License-Identifier: Apache-2.0
// Semantic textual similarity: pairs of texts that people scored, Spearman's correlation with the cosine. The pairs of
// all files of a split are one list, as MTEB has it (SentEval takes the mean of the files' figures).
#include "evaluate/metrics/correlation.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"

namespace isogloss::evaluation {
namespace {

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const TextPairs pairs = IG_TRY(read_text_pairs(place, options.split, context));
  TextModel model = IG_TRY(TextModel::open(model_name, joined(pairs.a, pairs.b), options, context));
  const auto likenesses = IG_TRY(model.likenesses(pairs.a, pairs.b, context));
  std::vector<double> cosines, euclidean, manhattan;
  for (const heads::Likeness& likeness : likenesses) {
    cosines.push_back(likeness.cosine);
    euclidean.push_back(-likeness.euclidean);
    manhattan.push_back(-likeness.manhattan);
  }
  Report report(model_name, task_name(place), "MTEB: cosine, the pairs of all files as one list");
  report.n = pairs.scores.size();
  report.of = pairs.rows;
  report.add("spearman", spearman(cosines, pairs.scores),
             spearman_interval(cosines, pairs.scores, options.resamples, context.seed));
  report.add("pearson", pearson(cosines, pairs.scores),
             pearson_interval(cosines, pairs.scores, options.resamples, context.seed));
  if (model.embeds()) {
    report.add("euclidean_spearman", spearman(euclidean, pairs.scores));
    report.add("manhattan_spearman", spearman(manhattan, pairs.scores));
  }
  report.record["data"] = pairs.data;
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kStsTask{"sts", "FILE|FOLDER", "text similarity: text, text, score; Spearman's correlation", run};

}  // namespace isogloss::evaluation
