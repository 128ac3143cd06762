// SPDX-License-Identifier: Apache-2.0
// Measuring models: metric = pure function of a ranking and judgments; task = data + protocol -> scores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/collection.hpp"
#include "isogloss/context.hpp"
#include "isogloss/embedding_cache.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// One query's ranking, best first, and its judgments: document id -> relevance (only > 0 is relevant).
struct RankedQuery {
  std::string query_id;
  std::vector<std::pair<std::string, double>> ranking;  // document id, score; any order
  std::map<std::string, std::int64_t, std::less<>> judged;
};

// A ranking metric. Pure; thread-safe.
struct RankingMetric {
  std::string_view name;  // "ndcg"; with a cut "ndcg@10"
  std::string_view summary;
  bool takes_cut = false;
  double (*value)(std::span<const std::int64_t> gains,  // (retrieved) relevance of the ranking, best first
                  std::span<const std::int64_t> ideal,  // (relevant) judged relevances > 0, descending
                  std::size_t cut) = nullptr;           // SIZE_MAX = none
};
std::span<const RankingMetric> ranking_metrics();
// "ndcg@10", "map", "recall@100" on one query by trec_eval's rules: order by score descending, ties by document id
// descending. Error{invalid_argument} names the nearest known metric.
Result<double> ranking_value(std::string_view metric, const RankedQuery& query);

struct EvalOptions {
  std::vector<std::string> metrics;  // names; empty = the task's own
  std::vector<std::string> gates;    // more metrics to compute, if the task has them
  std::size_t resamples = 1000;      // of the bootstrap behind the interval
  std::string convention;            // whose rules, where a task has several; empty = the task's own
  // Texts.
  Truncate truncate = Truncate::end;  // how many were cut stands in the record
  std::string compute = "auto";       // arithmetic of the model: auto, f32, bf16, int8
  std::size_t dim = 0;                // cut to the first `dim` columns (Matryoshka); 0 = all
  std::shared_ptr<EmbeddingCache> cache;  // of the texts' vectors; null = none
  std::string label_field;            // of labelled tables and JSON lines; empty = label, category, class ...
  // Retrieval.
  std::size_t depth = 1000;  // documents retrieved per query
  std::string split = "test";
  std::string run_file;         // write the rankings here in trec_eval's run format; empty = do not
  std::string queries = "all";  // "odd", "even": every other query with judgments, for choosing apart from reporting
  // Analogies.
  std::size_t vocabulary = 0;        // only that many words, the first of the vocabulary; 0 = all
};

struct EvalFigure {
  std::string model, task, metric;
  double value = 0;                           // a fraction, or what the metric is measured in; NaN = undefined
  double low = 0, high = 0;                   // 95 % bootstrap interval
  std::size_t n = 0;                          // queries, pairs, questions that were used
  std::size_t of = 0;                         // of so many in the task: others have words that the model does not know
  std::string convention{};  // whose rules
  std::map<std::string, std::string> record{};  // seconds, documents, options: what is needed to repeat it
};

// One kind of task. A task is named KIND:PLACE.
struct TaskKind {
  std::string_view kind;   // "beir"
  std::string_view place;  // "FOLDER"
  std::string_view summary;
  Result<std::vector<EvalFigure>> (*run)(std::string_view model, std::string_view place, const EvalOptions& options,
                                         Context& context) = nullptr;
};
std::span<const TaskKind> task_kinds();

// Folders with a task.toml (docs/guide/evaluate.md) can be named by their path, or by name when they lie here.
std::filesystem::path tasks_folder();  // data_home()/tasks
struct InstalledTask {
  std::string name, kind, summary;
};
// Those in tasks_folder(), by name. Error{corrupt_data}: a task.toml that is none.
Result<std::vector<InstalledTask>> installed_tasks();

// Evaluates one model ("fit:bm25,k1=0.9", "fit:lsa", "fit:bm25+fit:lsa", a path) on one task ("beir:FOLDER",
// "analogy:FILE"). Error{invalid_argument} names the nearest kind of task.
Result<std::vector<EvalFigure>> evaluate(std::string_view model, std::string_view task, const EvalOptions& options,
                                         Context& context);

// Writes the figures as MTEB's result files: FOLDER/MODEL/REVISION/TASK.json and model_meta.json; the revision is the
// space id. Figures of one model and task stand together, the headline first. Error{io}.
Status write_mteb_results(const std::filesystem::path& folder, std::span<const EvalFigure> figures);

// Figures as `eval --json` writes them, one a line. Error{corrupt_data} names the line.
Result<std::vector<EvalFigure>> read_figures(const std::filesystem::path& file);

// Two figures of one task and metric, and what their records differ in, times left out.
struct FigureDifference {
  struct Field {
    std::string name, a, b;  // "-" where one does not have it
  };
  std::string task, metric;
  EvalFigure a, b;
  std::vector<Field> differs;
};
// Pairs figures by task and metric, those of one model first; what has no partner is left out.
std::vector<FigureDifference> compare_figures(std::span<const EvalFigure> a, std::span<const EvalFigure> b);

// A metric condition "ndcg@10=0.45" of --fail-under.
struct Gate {
  std::string metric;
  double least = 0;
};
Result<Gate> parse_gate(std::string_view text);

}  // namespace isogloss
