// SPDX-License-Identifier: Apache-2.0
// Categorisation: words in as many clusters as there are categories (k-means of unit vectors, the best of ten starts by
// inertia), and the purity of these (Baroni et al. 2014). Columns: category, word.
#include <limits>
#include <map>

#include "evaluate/metrics/purity.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "math/kmeans.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::uint64_t kStarts = 10;

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions&,
                                    Context& context) {
  const Rows rows = IG_TRY(read_rows(std::string(place), 2, context));
  const WordVectorsOf words = IG_TRY(WordVectorsOf::open(model, context));
  std::map<std::string, std::uint32_t> numbers;
  std::vector<std::uint32_t> classes;
  std::vector<std::size_t> found;
  for (const auto& row : rows) {
    const auto index = words.find(row[1]);
    if (!index) continue;
    found.push_back(*index);
    classes.push_back(numbers.try_emplace(row[0], static_cast<std::uint32_t>(numbers.size())).first->second);
  }
  EvalFigure figure{
      .model = std::string(model), .task = std::filesystem::path(place).stem().string(), .metric = "purity"};
  figure.n = found.size();
  figure.of = rows.size();
  figure.convention = "k-means of unit vectors, unknown words left out";
  figure.record["categories"] = std::to_string(numbers.size());
  IG_TRY(words.record(place, {&figure, 1}));
  if (found.empty()) {
    figure.value = std::numeric_limits<double>::quiet_NaN();
    return std::vector{figure};
  }
  math::Matrix points(found.size(), words.words().word_dimension());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::vector<double> unit = words.unit(found[i]);
    for (std::size_t j = 0; j < unit.size(); ++j) points.row(i)[j] = static_cast<float>(unit[j]);
  }
  double least = std::numeric_limits<double>::infinity();
  Context start = context;
  for (std::uint64_t i = 0; i < kStarts; ++i) {
    start.seed = context.seed + i;
    const auto clusters = IG_TRY(math::kmeans(
        points.view(), {.clusters = numbers.size(), .rounds = 100, .seed_trials = 4, .seed_sample = 0}, start));
    if (clusters.inertia >= least) continue;
    least = clusters.inertia;
    figure.value = purity(clusters.assignment, classes);
  }
  figure.low = figure.high = figure.value;
  return std::vector{figure};
}

}  // namespace

const TaskKind kCategoriesTask{"categories", "FILE", "categorisation: category, word; purity of clusters", run};

}  // namespace isogloss::evaluation
