// SPDX-License-Identifier: Apache-2.0
// Outlier detection (Camacho-Collados and Navigli 2016): a set of words that belong together and one that does not;
// words in the order of their mean cosine to the others. accuracy: how often the outlier comes last; opp: its place, 1
// when it is the last, 0 when it is the first, on average. Columns: category, list of outliers, list of words.
#include <limits>
#include <tuple>

#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "math/vector.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kFewest = 2;  // words of a set that the model has to know

// Place of the outlier behind the words nearer to the others, as a share of their number. units (words + 1, dim), the
// outlier last.
double place_of_outlier(const std::vector<std::vector<double>>& units) {
  std::vector<double> nearness(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (std::size_t j = 0; j < units.size(); ++j) nearness[i] += i == j ? 0 : math::dot(units[i], units[j]);
  }
  std::size_t before = 0;
  for (std::size_t i = 0; i + 1 < units.size(); ++i) before += nearness[i] > nearness.back() ? 1 : 0;
  return static_cast<double>(before) / static_cast<double>(units.size() - 1);
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const Rows rows = IG_TRY(read_rows(std::string(place), 3, context));
  const WordVectorsOf words = IG_TRY(WordVectorsOf::open(model, context));
  std::vector<double> places, last;
  std::size_t asked = 0;
  for (const auto& row : rows) {
    std::vector<std::vector<double>> units;
    for (const std::string& word : IG_TRY(parse_string_list(row[2], place))) {
      if (const auto index = words.find(word)) units.push_back(words.unit(*index));
    }
    for (const std::string& outlier : IG_TRY(parse_string_list(row[1], place))) {
      ++asked;
      const auto index = words.find(outlier);
      if (!index || units.size() < kFewest) continue;
      auto all = units;
      all.push_back(words.unit(*index));
      places.push_back(place_of_outlier(all));
      last.push_back(places.back() == 1 ? 1 : 0);
    }
  }
  std::vector<EvalFigure> figures;
  for (const auto& [name, values] : {std::pair("accuracy", &last), std::pair("opp", &places)}) {
    EvalFigure figure{
        .model = std::string(model), .task = std::filesystem::path(place).stem().string(), .metric = name};
    for (const double v : *values) figure.value += v / static_cast<double>(values->size());
    if (values->empty()) figure.value = std::numeric_limits<double>::quiet_NaN();
    std::tie(figure.low, figure.high) = mean_interval(*values, options.resamples, context.seed);
    figure.n = values->size();
    figure.of = asked;
    figure.convention = "unknown words left out";
    figures.push_back(std::move(figure));
  }
  IG_TRY(words.record(place, figures));
  return figures;
}

}  // namespace

const TaskKind kOutliersTask{"outliers", "FILE", "category, outliers, words (CSV); how often the outlier is found",
                             run};

}  // namespace isogloss::evaluation
