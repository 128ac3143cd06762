// SPDX-License-Identifier: Apache-2.0
// Summarisation (SummEval: Fabbri et al. 2021) by MTEB's rule: a summary made by a machine is as good as the nearest of
// the text's summaries by people; over the machines of a text that is correlated with the scores people gave; the
// figure is the mean over texts. JSON lines {"machine_summaries": [...], "human_summaries": [...], "relevance": [...]}.
#include <algorithm>
#include <limits>

#include "core/json.hpp"
#include "core/unpack.hpp"
#include "evaluate/metrics/correlation.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

struct Item {
  std::size_t machines = 0, people = 0;  // texts of each, one after the other
  std::vector<double> scores;            // (machines)
};

struct Items {
  std::vector<Item> items;
  std::vector<std::string> texts;
};

Result<Items> read_items(std::string_view place) {
  Items out;
  const std::string content = IG_TRY(read_unpacked(std::string(place), kMostBytes));
  IG_TRY(each_json_line(content, place, [&](const Json& json, const std::string& where) -> Status {
    Item item;
    for (const Json& text : json["machine_summaries"].as_array()) out.texts.push_back(text.as_text());
    for (const Json& text : json["human_summaries"].as_array()) out.texts.push_back(text.as_text());
    for (const Json& score : json["relevance"].as_array()) item.scores.push_back(score.as_number());
    item.machines = json["machine_summaries"].as_array().size();
    item.people = json["human_summaries"].as_array().size();
    if (item.people == 0 || item.machines == 0 || item.scores.size() != item.machines) {
      return fail(Code::corrupt_data, where +
                                          " must have \"machine_summaries\", as many numbers in \"relevance\", and "
                                          "\"human_summaries\".");
    }
    out.items.push_back(std::move(item));
    return {};
  }));
  if (out.items.empty()) return fail(Code::corrupt_data, "'" + std::string(place) + "' has no summaries.");
  return out;
}

bool constant(std::span<const double> values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const Items items = IG_TRY(read_items(place));
  TextModel model = IG_TRY(TextModel::open(model_name, items.texts, options, context));
  const heads::Features rows = IG_TRY(model.embed(items.texts, Role::none, context));
  std::vector<double> spearmans, pearsons;
  std::size_t begin = 0;
  for (const Item& item : items.items) {
    std::vector<double> nearest(item.machines, -std::numeric_limits<double>::infinity());
    for (std::size_t m = 0; m < item.machines; ++m) {
      for (std::size_t h = 0; h < item.people; ++h) {
        nearest[m] = std::max(nearest[m], rows.likeness(begin + m, rows, begin + item.machines + h).cosine);
      }
    }
    begin += item.machines + item.people;
    if (constant(item.scores) || constant(nearest)) continue;  // no correlation
    spearmans.push_back(spearman(nearest, item.scores));
    pearsons.push_back(pearson(nearest, item.scores));
  }
  Report report(model_name, task_name(place), "MTEB: the nearest summary by people, mean over texts");
  report.n = spearmans.size();
  report.of = items.items.size();
  if (spearmans.empty())
    return fail(Code::corrupt_data, "'" + std::string(place) + "': the scores of every text are all the same.");
  report.add_mean("spearman", spearmans, options, context);
  report.add_mean("pearson", pearsons, options, context);
  report.record["data"] = IG_TRY(data_hash({std::string(place)}));
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kSummaryTask{
    "summary", "FILE", "summaries of machines beside people's, as JSON lines; correlation with people's scores", run};

}  // namespace isogloss::evaluation
