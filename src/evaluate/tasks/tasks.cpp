// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/tasks.hpp"

#include <algorithm>

#include "core/guard.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace evaluation {
namespace {

// The only list of kinds of tasks.
std::span<const TaskKind> list() {
  static const TaskKind kinds[] = {kBeirTask,   kStsTask,   kPairTask,    kRerankTask,     kClassifyTask, kClusterTask,
                                   kBitextTask, kWordsTask, kAnalogyTask, kCategoriesTask, kOutliersTask, kBiasTask};
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

Result<std::vector<EvalFigure>> evaluate(std::string_view model, std::string_view task, const EvalOptions& options,
                                         Context& context) {
  return guard([&]() -> Result<std::vector<EvalFigure>> {
    const std::size_t colon = std::min(task.find(':'), task.size());
    std::vector<std::string> known;
    for (const TaskKind& kind : task_kinds()) {
      if (colon < task.size() && kind.kind == task.substr(0, colon)) {
        return evaluation::chosen(IG_TRY(kind.run(model, task.substr(colon + 1), options, context)), task, options);
      }
      known.emplace_back(kind.kind);
    }
    const std::string nearest = nearest_name(task.substr(0, colon), known);
    return fail(Code::invalid_argument, "'" + std::string(task) +
                                            "' is no task this version knows; write KIND:PLACE, as beir:FOLDER." +
                                            (nearest.empty() ? "" : " Did you mean '" + nearest + ":...'?") +
                                            " All kinds: isogloss eval --list");
  });
}

}  // namespace isogloss
