// SPDX-License-Identifier: Apache-2.0
// Association tests of words (metrics/weat.hpp). A JSON object of tests, each with the names of its lists and the
// lists:
//   {"Flowers_Insects": {"X_key": "flowers", "Y_key": "insects", "A_key": "pleasant", "B_key": "unpleasant",
//                        "flowers": ["aster", ...], ...}}
// Words that the model does not know are left out and counted. Objects without X_key are no tests of this kind.
#include <algorithm>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/weat.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/word_data.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kSamples = 100'000;

using Units = std::vector<std::vector<double>>;

struct Lists {
  std::array<Units, 4> units;  // X, Y, A, B
  std::size_t found = 0;
  std::size_t asked = 0;
};

Lists lists_of(const Json& test, const WordVectorsOf& words) {
  Lists out;
  const char* const keys[] = {"X_key", "Y_key", "A_key", "B_key"};
  for (std::size_t i = 0; i < 4; ++i) {
    for (const Json& item : test[test[keys[i]].as_string()].as_array()) {
      ++out.asked;
      const auto index = words.find(item.as_string());
      if (!index) continue;
      ++out.found;
      out.units[i].push_back(words.unit(*index));
    }
  }
  return out;
}

// Mean cosine with A less that with B, of every word. (words)
std::vector<double> associations(const Units& words, const Units& a, const Units& b) {
  const auto mean = [](const std::vector<double>& word, const Units& with) {
    double sum = 0;
    for (const auto& other : with) sum += dot(word, other);
    return sum / static_cast<double>(with.size());
  };
  std::vector<double> out;
  for (const auto& word : words) out.push_back(mean(word, a) - mean(word, b));
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions&,
                                    Context& context) {
  const std::string text = IG_TRY(read_file(std::string(place), kMostBytes));
  const Json tests = IG_TRY(Json::parse(text, "'" + std::string(place) + "'"));
  const WordVectorsOf words = IG_TRY(WordVectorsOf::open(model, context));
  std::vector<EvalFigure> figures;
  for (const auto& [name, test] : tests.as_object()) {
    if (test.find("X_key") == nullptr) continue;
    IG_TRY(context.check());
    const Lists lists = lists_of(test, words);
    if (std::ranges::any_of(lists.units, [](const Units& units) { return units.empty(); })) {
      context.say(LogLevel::warning, "'" + name + "': the model knows no word of one of the four lists; left out.");
      continue;
    }
    const WeatResult result =
        weat(associations(lists.units[0], lists.units[2], lists.units[3]),
             associations(lists.units[1], lists.units[2], lists.units[3]), kSamples, context.seed);
    EvalFigure figure{.model = std::string(model), .task = name, .metric = "effect", .value = result.effect};
    figure.low = figure.high = figure.value;
    figure.n = lists.found;
    figure.of = lists.asked;
    figure.convention = "Caliskan: deviation with n - 1";
    figure.record["partitions"] = (result.exact ? "all " : "") + std::to_string(result.partitions);
    figures.push_back(figure);
    figure.metric = "p";
    figure.value = figure.low = figure.high = result.p;
    figures.push_back(std::move(figure));
  }
  if (!figures.empty()) return figures;
  return fail(Code::corrupt_data, "'" + std::string(place) +
                                      "' has no association test that this model can take: objects with X_key, Y_key, "
                                      "A_key, B_key and the lists these name.");
}

}  // namespace

const TaskKind kBiasTask{"bias", "FILE", "association tests (WEAT) as JSON; effect size and one-sided p", run};

}  // namespace isogloss::evaluation
