// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/evaluate.hpp"
#include "isogloss/reference.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class EvalVerb final : public Verb {
 public:
  std::string_view name() const override { return "eval"; }
  std::string_view summary() const override { return "measure models on tasks"; }
  std::string_view examples() const override {
    return "  isogloss eval -m fit:bm25 --task beir:./scifact\n"
           "  isogloss eval -m fit:bm25,k1=0.9,b=0.4,analyzer=lucene-english -m fit:bm25+fit:lsa --task beir:./scifact\n"
           "  isogloss eval -m fit:bm25 --task beir:./scifact --fail-under ndcg@10=0.65\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", models_, "model, or A+B for hybrid search (repeat, or separate by commas)");
    flags.value("--task", tasks_, "beir:FOLDER (repeat for several)");
    flags.value("--metric", metrics_, "ndcg@10, map, recall@100, mrr@10, precision@5 ... (repeat; the first is the headline)");
    flags.value("--fail-under", gates_, "exit 5 when a metric is lower, as ndcg@10=0.45 (repeat for several)");
    flags.value("--split", options_.split, "qrels file: test, train or dev [test]");
    flags.value("--queries", options_.queries, "all, odd or even: choose settings on one half, report on the other");
    flags.value("--depth", options_.depth, "documents retrieved per query");
    flags.value("--run-file", options_.run_file, "write the rankings here in trec_eval's format (of the last model and task)");
    flags.flag("--list", list_, "list tasks and metrics");
  }

  Result<int> run(Program& program) override {
    if (list_) return print_list(program);
    if (models_.empty() || tasks_.empty()) return usage_error("eval needs a model and a task: isogloss eval -m fit:bm25 --task beir:FOLDER");
    if (options_.queries != "all" && options_.queries != "odd" && options_.queries != "even") {
      return usage_error("--queries must be all, odd or even, not '" + options_.queries + "'.");
    }
    if (!metrics_.empty()) options_.metrics = metrics_;
    std::vector<Gate> gates;
    for (const std::string& text : gates_) {
      const auto gate = parse_gate(text);
      if (!gate) return usage_error(gate.error().message);
      gates.push_back(*gate);
      if (std::find(options_.metrics.begin(), options_.metrics.end(), gate->metric) == options_.metrics.end()) {
        options_.metrics.push_back(gate->metric);
      }
    }
    std::vector<std::string> models;
    for (const std::string& text : models_) {
      for (std::string& model : IG_TRY(split_model_list(text))) models.push_back(std::move(model));
    }
    std::vector<EvalFigure> figures;
    for (const std::string& task : tasks_) {
      for (const std::string& model : models) {
        for (EvalFigure& figure : IG_TRY(from_flags(evaluate(model, task, options_, program.context)))) figures.push_back(std::move(figure));
      }
    }
    program.flags.json ? print_json(program, figures) : print_table(program, figures);
    return passes(program, figures, gates) ? kDone : kGate;
  }

 private:
  static Result<int> print_list(Program& program) {
    std::vector<std::vector<std::string>> rows{{"task", "beir:FOLDER", "retrieval: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv"}};
    for (const RankingMetric& metric : ranking_metrics()) {
      rows.push_back({"metric", std::string(metric.name) + (metric.takes_cut ? "[@k]" : ""), std::string(metric.summary)});
    }
    program.out(format_table(rows));
    return kDone;
  }

  static void print_json(Program& program, const std::vector<EvalFigure>& figures) {
    std::string out;
    for (const EvalFigure& f : figures) {
      JsonWriter json(out);
      json.begin_object().field("model", f.model).field("task", f.task).field("metric", f.metric).field("value", f.value);
      json.key("interval").begin_array().value(f.low).value(f.high).end_array();
      json.field("n", static_cast<std::uint64_t>(f.n)).field("convention", f.convention).key("record").begin_object();
      for (const auto& [name, value] : f.record) json.field(name, value);
      json.end_object().end_object();
      out += '\n';
    }
    program.out(out);
  }

  // One row per model and task, a column per metric, x 100; the interval of the headline metric.
  void print_table(Program& program, const std::vector<EvalFigure>& figures) const {
    std::vector<std::vector<std::string>> rows{{"model", "task"}};
    for (const std::string& metric : options_.metrics) rows[0].push_back(metric);
    rows[0].push_back("95 % of " + options_.metrics[0]);
    rows[0].push_back("queries");
    for (std::size_t i = 0; i < figures.size(); i += options_.metrics.size()) {
      std::vector<std::string> row{figures[i].model, figures[i].task};
      for (std::size_t m = 0; m < options_.metrics.size(); ++m) row.push_back(fixed(100 * figures[i + m].value, 2));
      row.push_back(fixed(100 * figures[i].low, 2) + " to " + fixed(100 * figures[i].high, 2));
      row.push_back(std::to_string(figures[i].n));
      rows.push_back(std::move(row));
    }
    program.out(format_table(rows));
    program.note("convention: trec (ties by document id descending); values x 100");
  }

  static bool passes(Program& program, const std::vector<EvalFigure>& figures, const std::vector<Gate>& gates) {
    bool good = true;
    for (const Gate& gate : gates) {
      for (const EvalFigure& f : figures) {
        if (f.metric != gate.metric || f.value >= gate.least) continue;
        program.warn(f.model + " on " + f.task + ": " + f.metric + " is " + fixed(f.value, 4) + ", below " + fixed(gate.least, 4));
        good = false;
      }
    }
    return good;
  }

  std::vector<std::string> models_, tasks_, metrics_, gates_;
  EvalOptions options_;
  bool list_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_eval_verb() { return std::make_unique<EvalVerb>(); }

}  // namespace isogloss::cli
