// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/tasks.hpp"

#include <algorithm>

#include "core/guard.hpp"
#include "evaluate/tasks/task_folder.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace evaluation {
namespace {

// The only list of kinds of tasks.
std::span<const TaskKind> list() {
  static const TaskKind kinds[] = {kBeirTask, kTrecTask,     kStsTask,    kPairTask,   kRerankTask,  kClassifyTask,
                                   kClusterTask,  kBitextTask, kWordsTask,  kAnalogyTask, kCategoriesTask,
                                   kOutliersTask, kBiasTask,   kSensesTask, kRobustTask, kSummaryTask};
  return kinds;
}

// Keeps the figures that were asked for, in this order.
Result<std::vector<EvalFigure>> chosen(std::vector<EvalFigure> figures, std::string_view task,
                                       const EvalOptions& options) {
  if (options.metrics.empty()) return figures;
  std::vector<EvalFigure> out;
  std::vector<std::string> wanted = options.metrics;
  wanted.insert(wanted.end(), options.gates.begin(), options.gates.end());
  for (const std::string& metric : wanted) {
    const auto found = std::ranges::find(figures, metric, &EvalFigure::metric);
    if (found != figures.end() && std::ranges::find(out, metric, &EvalFigure::metric) == out.end()) {
      out.push_back(*found);
    }
    if (found != figures.end() || std::ranges::find(options.metrics, metric) == options.metrics.end()) continue;
    std::string known;
    for (const EvalFigure& figure : figures) known += (known.empty() ? "" : ", ") + figure.metric;
    return fail(Code::invalid_argument,
                "the task '" + std::string(task) + "' has no metric '" + metric + "'. It has: " + known + ".");
  }
  return out;
}

}  // namespace
}  // namespace evaluation

std::span<const TaskKind> task_kinds() { return evaluation::list(); }

namespace evaluation {
namespace {

Result<std::vector<EvalFigure>> of_kind(std::string_view kind_name, std::string_view model, std::string_view task,
                                        std::string_view place, const EvalOptions& options, Context& context) {
  std::vector<std::string> known;
  for (const TaskKind& kind : task_kinds()) {
    if (kind.kind == kind_name) {
      std::vector<EvalFigure> figures = IG_TRY(chosen(IG_TRY(kind.run(model, place, options, context)), task, options));
      for (EvalFigure& figure : figures) figure.record["kind"] = kind_name;
      return figures;
    }
    known.emplace_back(kind.kind);
  }
  const std::string nearest = nearest_name(kind_name, known);
  return fail(Code::invalid_argument,
              "'" + std::string(task) +
                  "' is no task this version knows; write KIND:PLACE, as beir:FOLDER, or a folder "
                  "with a task.toml." +
                  (nearest.empty() ? "" : " Did you mean '" + nearest + ":...'?") + " All kinds: isogloss eval --list");
}

}  // namespace
}  // namespace evaluation

Result<std::vector<EvalFigure>> evaluate(std::string_view model, std::string_view task, const EvalOptions& options,
                                         Context& context) {
  return guard([&]() -> Result<std::vector<EvalFigure>> {
    if (const auto folder = evaluation::find_task_folder(task)) {
      const evaluation::TaskFolder own = IG_TRY(evaluation::read_task_folder(*folder, options));
      auto figures = IG_TRY(evaluation::of_kind(own.kind, model, own.name, own.place, own.options, context));
      const auto same = [&](const EvalFigure& figure) { return figure.task == figures.front().task; };
      const bool one = std::ranges::all_of(figures, same);  // else a task of several tests, whose names stay
      for (EvalFigure& figure : figures) figure.task = one ? own.name : own.name + "/" + figure.task;
      return figures;
    }
    const std::size_t colon = std::min(task.find(':'), task.size());
    return evaluation::of_kind(task.substr(0, colon), model, task, task.substr(std::min(colon + 1, task.size())),
                               options, context);
  });
}

}  // namespace isogloss
