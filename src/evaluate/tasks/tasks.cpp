// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/tasks.hpp"

#include <algorithm>
#include <set>

#include "core/guard.hpp"
#include "core/text.hpp"
#include "evaluate/tasks/task_folder.hpp"
#include "evaluate/tasks/times.hpp"
#include "isogloss/machine.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace evaluation {
namespace {

// The only list of kinds of tasks.
std::span<const TaskKind> list() {
  static const TaskKind kinds[] = {kBeirTask,       kTrecTask,        kStsTask,         kPairTask,   kRerankTask,
                                   kClassifyTask,   kClusterTask,     kBitextTask,      kWordsTask,  kAnalogyTask,
                                   kCategoriesTask, kOutliersTask,    kBiasTask,        kSensesTask, kRobustTask,
                                   kSummaryTask,    kDeterminismTask, kMultilingualTask};
  return kinds;
}

// Keeps the figures that were asked for, in this order, of every test of the task.
Result<std::vector<EvalFigure>> chosen(std::vector<EvalFigure> figures, std::string_view task,
                                       const EvalOptions& options) {
  if (options.metrics.empty()) return figures;
  std::vector<std::string> wanted = options.metrics;
  for (const std::string& gate : options.gates) {
    if (std::ranges::find(wanted, gate) == wanted.end()) wanted.push_back(gate);
  }
  for (const std::string& metric : options.metrics) {
    if (std::ranges::find(figures, metric, &EvalFigure::metric) != figures.end()) continue;
    std::set<std::string> names;
    std::string known;
    for (const EvalFigure& figure : figures) {
      if (names.insert(figure.metric).second) known += (known.empty() ? "" : ", ") + figure.metric;
    }
    return fail(Code::invalid_argument,
                "the task '" + std::string(task) + "' has no metric '" + metric + "'. It has: " + known + ".");
  }
  std::vector<EvalFigure> out;
  for (auto begin = figures.begin(); begin != figures.end();) {
    const auto end = std::find_if(begin, figures.end(), [&](const EvalFigure& f) { return f.task != begin->task; });
    for (const std::string& metric : wanted) {
      const auto found = std::find_if(begin, end, [&](const EvalFigure& f) { return f.metric == metric; });
      if (found != end) out.push_back(*found);
    }
    begin = end;
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
      const Stopwatch watch;
      std::vector<EvalFigure> figures = IG_TRY(chosen(IG_TRY(kind.run(model, place, options, context)), task, options));
      const MachineInfo machine = machine_info();
      for (EvalFigure& figure : figures) {
        figure.record["kind"] = kind_name;
        figure.record["version"] = machine.version;
        figure.record["machine"] = machine.cpu + ", " + counted(machine.cores, "core") + ", " + machine.kernels;
      }
      add_times(watch.seconds(), figures);
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

// The task's own name for what its kind calls it; the names of several tests stay, behind it.
void call_them(std::vector<EvalFigure>& figures, const std::string& name) {
  const std::string first = figures.front().task;
  const auto below = [&](const EvalFigure& f) { return f.task == first || f.task.starts_with(first + "/"); };
  const bool one = std::ranges::all_of(figures, below);
  for (EvalFigure& figure : figures) {
    figure.task = one ? name + figure.task.substr(first.size()) : name + "/" + figure.task;
  }
}

}  // namespace
}  // namespace evaluation

Result<std::vector<EvalFigure>> evaluate(std::string_view model, std::string_view task, const EvalOptions& options,
                                         Context& context) {
  return guard([&]() -> Result<std::vector<EvalFigure>> {
    if (const auto folder = evaluation::find_task_folder(task)) {
      const evaluation::TaskFolder own = IG_TRY(evaluation::read_task_folder(*folder, options));
      if (std::ranges::find(task_kinds(), own.kind, &TaskKind::kind) == task_kinds().end()) {
        return fail(Code::corrupt_data, "'" + (*folder / "task.toml").string() + "': there is no kind of task '" +
                                            own.kind + "'. All kinds: isogloss eval --list");
      }
      auto figures = IG_TRY(evaluation::of_kind(own.kind, model, own.name, own.place, own.options, context));
      evaluation::call_them(figures, own.name);
      return figures;
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(task, ignored)) {
      return fail(Code::invalid_argument,
                  "the folder '" + std::string(task) +
                      "' has no task.toml, so it is no task by itself. Write KIND:PLACE, as beir:" + std::string(task));
    }
    const std::size_t colon = std::min(task.find(':'), task.size());
    return evaluation::of_kind(task.substr(0, colon), model, task, task.substr(std::min(colon + 1, task.size())),
                               options, context);
  });
}

}  // namespace isogloss
