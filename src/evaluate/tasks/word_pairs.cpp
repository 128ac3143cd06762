// SPDX-License-Identifier: Apache-2.0
// Word similarity: pairs that people scored, Spearman's correlation with the cosine. Both words in lower case; a pair
// with a word that the model does not know is left out and told. Columns: word, word, score.
#include <tuple>

#include "evaluate/metrics/correlation.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/word_data.hpp"

namespace isogloss::evaluation {
namespace {

Result<double> score_of(const std::string& cell, std::string_view place) {
  if (const auto score = number_in(cell)) return *score;
  return fail(Code::corrupt_data, "'" + std::string(place) + "': '" + cell.substr(0, 40) + "' is no score of a pair.");
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const Rows rows = IG_TRY(read_rows(std::string(place), 3, context));
  const WordVectorsOf words = IG_TRY(WordVectorsOf::open(model, context));
  std::vector<double> ours, theirs;
  for (const auto& row : rows) {
    const double score = IG_TRY(score_of(row[2], place));
    const auto a = words.find_lower(row[0]);
    const auto b = words.find_lower(row[1]);
    if (!a || !b) continue;
    ours.push_back(words.cosine(*a, *b));
    theirs.push_back(score);
  }
  std::vector<EvalFigure> figures;
  for (const auto& [name, metric, interval] :
       {std::tuple("spearman", &spearman, &spearman_interval), std::tuple("pearson", &pearson, &pearson_interval)}) {
    EvalFigure figure{
        .model = std::string(model), .task = std::filesystem::path(place).stem().string(), .metric = name};
    figure.value = metric(ours, theirs);
    std::tie(figure.low, figure.high) = interval(ours, theirs, options.resamples, context.seed);
    figure.n = ours.size();
    figure.of = rows.size();
    figure.convention = "lower case, unknown pairs left out";
    figures.push_back(std::move(figure));
  }
  IG_TRY(words.record(place, figures));
  return figures;
}

}  // namespace

const TaskKind kWordsTask{"words", "FILE", "word similarity: word, word, score; Spearman's correlation", run};

}  // namespace isogloss::evaluation
