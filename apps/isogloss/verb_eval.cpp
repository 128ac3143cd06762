// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "core/figure_json.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/evaluate.hpp"
#include "isogloss/reference.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// Metrics that are shown as they are, not x 100.
constexpr std::string_view kNoShares[] = {"effect", "p", "rnsb", "mac"};

class EvalVerb final : public Verb {
 public:
  std::string_view name() const override { return "eval"; }
  std::string_view summary() const override { return "measure models on tasks"; }
  std::string_view examples() const override {
    return "  isogloss eval -m fit:bm25 --task beir:./scifact\n"
           "  isogloss eval -m fit:bm25,k1=0.9,b=0.4,analyzer=lucene-english -m fit:bm25+fit:lsa --task "
           "beir:./scifact\n"
           "  isogloss eval -m fit:bm25 --task beir:./scifact --fail-under ndcg@10=0.65\n"
           "  isogloss eval -m glove.txt --task words:EN-WS-353-ALL.txt --task words:EN-SIMLEX-999.txt\n"
           "  isogloss eval -m glove.txt --task analogy:questions-words.txt --convention word2vec --vocabulary 30000\n"
           "  isogloss eval -m minilm --task sts:stsb-test.csv --task classify:banking77 --task beir:./scifact\n"
           "  isogloss eval diff before.json after.json   # of eval ... --json > FILE\n"
           "  isogloss eval -m glove.txt --task categories:ap.csv --task outliers:8-8-8.csv --task bias:weat.json\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", models_, "model, or A+B for hybrid search (repeat, or separate by commas)");
    flags.value(
        "--task", tasks_,
        "KIND:PLACE, as beir:FOLDER, or a folder with a task.toml (repeat for several; --list names all kinds)");
    flags.value(
        "--metric", options_.metrics,
        "ndcg@10, map, recall@100, mrr@10, spearman ... (repeat; the first is the headline) [those of the task]");
    flags.value("--fail-under", gates_, "exit 5 when a metric is lower, as ndcg@10=0.45 (repeat for several)");
    flags.value("--convention", options_.convention,
                "whose rules: analogy: glove or word2vec; classify: mteb, full or curve; cluster: mteb or mteb-v2");
    flags.value("--truncate", truncate_,
                "texts above the model's window: end (cuts are counted in the record), start or error");
    flags.value("--compute", options_.compute, "arithmetic of the model: auto, f32, bf16 or int8");
    flags.value("--embedding-cache", cache_, kEmbeddingCacheHelp);
    flags.value("--dim", options_.dim, "only the first N columns of the vectors; 0 = all");
    flags.value("--label-field", options_.label_field,
                "field of labels in tables [label, category, class, intent ...]");
    flags.value("--vocabulary", options_.vocabulary, "analogy: only the first N words of the vocabulary; 0 = all");
    flags.value("--split", options_.split, "qrels file: test, train or dev [test]");
    flags.value("--queries", options_.queries, "all, odd or even: choose settings on one half, report on the other");
    flags.value("--depth", options_.depth, "documents retrieved per query");
    flags.value("--run-file", options_.run_file,
                "write the rankings here in trec_eval's format (of the last model and task)");
    flags.value("--mteb", mteb_, "also write the figures as MTEB's result files into this folder");
    flags.flag("--list", list_, "list tasks and metrics");
    flags.list("DIFF", words_, "diff A.json B.json: what differs between figures written with --json, and why");
  }

  Result<int> run(Program& program) override {
    if (list_) return print_list(program);
    if (!words_.empty()) return print_difference(program);
    if (models_.empty() || tasks_.empty())
      return usage_error("eval needs a model and a task: isogloss eval -m fit:bm25 --task beir:FOLDER");
    if (options_.queries != "all" && options_.queries != "odd" && options_.queries != "even") {
      return usage_error("--queries must be all, odd or even, not '" + options_.queries + "'.");
    }
    options_.truncate = IG_TRY(truncate_value(truncate_));
    options_.cache = IG_TRY(embedding_cache_value(program, cache_));
    std::vector<Gate> gates;
    for (const std::string& text : gates_) {
      const auto gate = parse_gate(text);
      if (!gate) return usage_error(gate.error().message);
      gates.push_back(*gate);
      options_.gates.push_back(gate->metric);
    }
    std::vector<std::string> models;
    for (const std::string& text : models_) {
      for (std::string& model : IG_TRY(split_model_list(text))) models.push_back(std::move(model));
    }
    std::vector<EvalFigure> figures;
    for (const std::string& task : tasks_) {
      for (const std::string& model : models) {
        for (EvalFigure& figure : IG_TRY(from_flags(evaluate(model, task, options_, program.context))))
          figures.push_back(std::move(figure));
      }
    }
    if (!mteb_.empty()) IG_TRY(write_mteb_results(mteb_, figures));
    program.flags.json ? print_json(program, figures) : print_table(program, figures);
    return IG_TRY(passes(program, figures, gates)) ? kDone : kGate;
  }

 private:
  static Result<int> print_list(Program& program) {
    std::vector<std::vector<std::string>> rows;
    for (const TaskKind& kind : task_kinds()) {
      rows.push_back({"task", std::string(kind.kind) + ":" + std::string(kind.place), std::string(kind.summary)});
    }
    for (const InstalledTask& task : IG_TRY(installed_tasks())) {
      rows.push_back({"folder", task.name, task.summary.empty() ? task.kind : task.kind + ": " + task.summary});
    }
    for (const RankingMetric& metric : ranking_metrics()) {
      rows.push_back(
          {"metric", std::string(metric.name) + (metric.takes_cut ? "[@k]" : ""), std::string(metric.summary)});
    }
    program.out(format_table(rows));
    return kDone;
  }

  // Figures side by side, then what their records differ in: once when it is the same for all of them.
  Result<int> print_difference(Program& program) const {
    if (words_[0] != "diff" || words_.size() != 3) {
      return usage_error("eval takes no words but: isogloss eval diff A.json B.json");
    }
    const auto a = IG_TRY(read_figures(words_[1]));
    const auto b = IG_TRY(read_figures(words_[2]));
    const std::vector<FigureDifference> found = compare_figures(a, b);
    if (found.empty())
      return fail(Code::not_found, "'" + words_[1] + "' and '" + words_[2] + "' have no task and metric in common.");
    program.flags.json ? difference_json(program, found) : difference_table(program, found);
    const std::size_t left_out = a.size() + b.size() - 2 * found.size();
    if (left_out > 0) program.note(counted(left_out, "figure") + " without a partner left out");
    return kDone;
  }

  static void difference_table(Program& program, const std::vector<FigureDifference>& found) {
    std::vector<std::vector<std::string>> rows{{"task", "metric", "A", "B", "B - A", "95 % intervals"}};
    std::vector<std::vector<std::string>> why{{"differs in", "A", "B", "of"}};
    std::map<std::vector<std::string>, std::size_t> fields;
    for (const FigureDifference& d : found) {
      const bool known = d.a.low < d.a.high && d.b.low < d.b.high;
      const bool apart = d.a.low > d.b.high || d.b.low > d.a.high;
      rows.push_back({d.task, d.metric, shown(d.a, d.a.value), shown(d.b, d.b.value), shown(d.a, d.b.value - d.a.value),
                      d.a.value == d.b.value ? "equal"
                      : !known               ? "-"
                      : apart                ? "apart"
                                             : "overlap"});
      for (const auto& field : d.differs) ++fields[{field.name, shortened(field.a, 40), shortened(field.b, 40)}];
    }
    for (const auto& [field, count] : fields) {
      why.push_back({field[0], field[1], field[2], std::to_string(count) + "/" + std::to_string(found.size())});
    }
    program.out(format_table(rows));
    if (why.size() > 1)
      program.out("\n" + format_table(why));
    else
      program.note("the records are equal, times apart");
  }

  static void difference_json(Program& program, const std::vector<FigureDifference>& found) {
    std::string out;
    for (const FigureDifference& d : found) {
      JsonWriter json(out);
      json.begin_object().field("task", d.task).field("metric", d.metric).field("a", d.a.value).field("b", d.b.value);
      json.key("differs").begin_object();
      for (const auto& field : d.differs) json.key(field.name).begin_array().value(field.a).value(field.b).end_array();
      json.end_object().end_object();
      out += '\n';
    }
    program.out(out);
  }

  static void print_json(Program& program, const std::vector<EvalFigure>& figures) {
    std::string out;
    for (const EvalFigure& f : figures) {
      JsonWriter json(out);
      write_figure(json, f);
      out += '\n';
    }
    program.out(out);
  }

  // A row for every model and task, a column for every metric, x 100 where it is a share; a table for every kind of
  // task.
  static void print_table(Program& program, const std::vector<EvalFigure>& figures) {
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> times;
    std::string convention;
    const auto flush = [&] {
      if (rows.empty()) return;
      program.out(format_table(rows));
      program.note("convention: " + convention + "; values x 100, but effect, p, rnsb, mac and differences");
      for (const std::string& time : times) program.note(time);
      times.clear();
      rows.clear();
    };
    for (std::size_t i = 0; i < figures.size();) {
      std::size_t end = i + 1;
      const EvalFigure& first = figures[i];
      while (end < figures.size() && figures[end].model == first.model && figures[end].task == first.task &&
             figures[end].metric != first.metric) {
        ++end;
      }
      std::vector<std::string> header{"model", "task"};
      std::vector<std::string> row{first.model, first.task};
      for (std::size_t m = i; m < end; ++m) {
        header.push_back(figures[m].metric);
        row.push_back(shown(figures[m], figures[m].value));
      }
      header.push_back("95 % of " + first.metric);
      header.push_back("of");
      row.push_back(first.low == first.high ? "-" : shown(first, first.low) + " to " + shown(first, first.high));
      row.push_back(std::to_string(first.n) + "/" + std::to_string(first.of));
      if (!rows.empty() && (rows[0] != header || convention != first.convention)) flush();
      if (rows.empty()) rows.push_back(std::move(header));
      convention = first.convention;
      rows.push_back(std::move(row));
      if (std::string time = time_line(first); !time.empty()) times.push_back(std::move(time));
      i = end;
    }
    flush();
  }

  // "time: m on sts 2.31 s: load 0.20, embed 2.05 (2,758 texts, 1,345 a second), metric 0.06".
  static std::string time_line(const EvalFigure& figure) {
    const auto number = [&](const std::string& name) {
      const auto at = figure.record.find(name);
      return at == figure.record.end() ? 0 : std::strtod(at->second.c_str(), nullptr);
    };
    if (!figure.record.contains("seconds") || figure.record.contains("language")) return {};  // the mean tells of all
    std::string parts;
    for (const std::string part : {"load", "index", "embed", "search", "metric"}) {
      if (!figure.record.contains(part + " seconds")) continue;
      const double seconds = number(part + " seconds"), texts = number("texts");
      parts += (parts.empty() ? "" : ", ") + part + " " + fixed(seconds, 2);
      if (part == "embed" && texts > 0 && seconds > 0) {
        parts += " (" + fixed(texts, 0) + " texts, " + fixed(texts / seconds, 0) + " a second)";
      }
    }
    return "time: " + figure.model + " on " + figure.task + " " + fixed(number("seconds"), 2) + " s: " + parts;
  }

  // Three digits, "1.19e-07".
  static std::string scientific(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, 2).ptr;
    return value == 0 ? "0" : std::string(text, end);
  }

  static std::string shown(const EvalFigure& figure, double value) {
    if (value != value) return "undefined";
    if (figure.metric == "largest_difference") return scientific(value);
    const bool plain = std::ranges::find(kNoShares, figure.metric) != std::end(kNoShares);
    return plain ? fixed(value, 4) : fixed(100 * value, 2);
  }

  static Result<bool> passes(Program& program, const std::vector<EvalFigure>& figures, const std::vector<Gate>& gates) {
    bool good = true;
    for (const Gate& gate : gates) {
      bool known = false;
      for (const EvalFigure& f : figures) {
        known = known || f.metric == gate.metric;
        if (f.metric != gate.metric || f.value >= gate.least) continue;
        program.warn(f.model + " on " + f.task + ": " + f.metric + " is " + fixed(f.value, 4) + ", below " +
                     fixed(gate.least, 4));
        good = false;
      }
      if (!known) return usage_error("--fail-under: none of the tasks has a metric '" + gate.metric + "'.");
    }
    return good;
  }

  std::vector<std::string> models_, tasks_, gates_, words_;
  std::string truncate_ = "end", cache_, mteb_;
  EvalOptions options_;
  bool list_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_eval_verb() { return std::make_unique<EvalVerb>(); }

}  // namespace isogloss::cli
