// SPDX-License-Identifier: Apache-2.0
// A file is a table: cells between tabs, else between commas, else between blanks. In CoNLL a comma is a word.
#include "metric_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

struct Row {
  std::size_t line = 0;
  std::vector<std::string> cells;  // none = an empty line
};

Row row_of(std::string_view text, std::size_t line, bool commas) {
  Row row{line, {}};
  if (trim(text).empty()) return row;
  const char separator = text.find('\t') != std::string_view::npos            ? '\t'
                         : commas && text.find(',') != std::string_view::npos ? ','
                                                                              : ' ';
  for (const std::string_view cell : split(separator == ' ' ? trim(text) : text, separator)) {
    if (separator != ' ' || !cell.empty()) row.cells.emplace_back(trim(cell));
  }
  return row;
}

class Table {
 public:
  static Result<Table> read(const std::string& file, bool header, bool commas) {
    Table table;
    table.file_ = file;
    std::size_t number = 0;
    IG_TRY(each_line(file, [&](std::string_view line) -> Status {
      if (++number > 1 || !header) table.rows_.push_back(row_of(line, number, commas));
      return {};
    }));
    return table;
  }
  const std::vector<Row>& rows() const { return rows_; }
  void drop_empty() {
    std::erase_if(rows_, [](const Row& row) { return row.cells.empty(); });
  }

  // The cells of a column, of all rows.
  Result<std::vector<std::string>> texts(std::size_t column) const {
    std::vector<std::string> out;
    for (const Row& row : rows_) {
      if (column >= row.cells.size() || row.cells[column].empty()) {
        return fail(Code::corrupt_data, place(row) + " has no column " + std::to_string(column + 1) + ".");
      }
      out.push_back(row.cells[column]);
    }
    return out;
  }
  Result<double> number(const Row& row, std::size_t column) const {
    double value = 0;
    const std::string text = column < row.cells.size() ? row.cells[column] : "";
    const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
    if (r.ec != std::errc() || r.ptr != text.data() + text.size() || std::isnan(value)) {
      return fail(Code::corrupt_data, place(row) + ", column " + std::to_string(column + 1) + ": '" + text +
                                          "' is no number. Is it a line of names? Then add --header.");
    }
    return value;
  }
  Result<std::vector<double>> numbers(std::size_t column) const {
    std::vector<double> out;
    for (const Row& row : rows_) out.push_back(IG_TRY(number(row, column)));
    return out;
  }
  std::string place(const Row& row) const { return "'" + file_ + "' line " + std::to_string(row.line); }

 private:
  std::string file_;
  std::vector<Row> rows_;
};

using Facts = std::vector<std::pair<std::string, double>>;

void print_values(Program& program, const Facts& facts) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : facts) {
    if (program.flags.json) {
      std::string out;
      JsonWriter(out).begin_object().field("metric", name).field("value", value).end_object();
      program.line(out);
    }
    rows.push_back({name, std::isnan(value) ? "undefined" : fixed(value, 6)});
  }
  if (!program.flags.json) program.out(format_table(rows));
}

void add_scores(Facts& facts, const ClassScores& s) {
  facts.emplace_back("precision_" + s.label, s.precision);
  facts.emplace_back("recall_" + s.label, s.recall);
  facts.emplace_back("f1_" + s.label, s.f1);
}

void print_classes(Program& program, std::span<const ClassScores> classes) {
  if (program.flags.json) return;
  std::vector<std::vector<std::string>> rows{{"label", "precision", "recall", "f1", "support"}};
  for (const ClassScores& s : classes) {
    rows.push_back({s.label, fixed(s.precision, 6), fixed(s.recall, 6), fixed(s.f1, 6), std::to_string(s.support)});
  }
  program.out("\n" + format_table(rows));
}

Result<int> spearman(Program& program, Table table, const ValueFlags&) {
  table.drop_empty();
  const std::vector<double> x = IG_TRY(table.numbers(0)), y = IG_TRY(table.numbers(1));
  const Correlations c = IG_TRY(correlations(x, y));
  print_values(program, {{"spearman", c.spearman}, {"pearson", c.pearson}, {"kendall", c.kendall}});
  return kDone;
}

void print_confusion(Program& program, const Classification& c) {
  constexpr std::size_t kMostShown = 30;
  if (program.flags.json || c.labels.size() > kMostShown) return;
  std::vector<std::vector<std::string>> rows{{"label \\ predicted"}};
  rows[0].insert(rows[0].end(), c.labels.begin(), c.labels.end());
  for (std::size_t a = 0; a < c.labels.size(); ++a) {
    rows.push_back({c.labels[a]});
    for (const std::uint64_t n : c.confusion[a]) rows.back().push_back(std::to_string(n));
  }
  program.out("\n" + format_table(rows));
}

Result<int> classes(Program& program, Table table, const ValueFlags& flags) {
  table.drop_empty();
  const std::vector<std::string> truth = IG_TRY(table.texts(0)), predicted = IG_TRY(table.texts(1));
  const Classification c = IG_TRY(classification(truth, predicted));
  Facts facts{{"accuracy", c.accuracy}, {"matthews", c.matthews}};
  for (const ClassScores* s : {&c.macro, &c.weighted, &c.micro}) add_scores(facts, *s);
  if (table.rows()[0].cells.size() > 2) {
    const std::string positive = flags.positive.empty() ? c.labels.back() : flags.positive;
    std::vector<bool> is_positive;
    for (const std::string& label : truth) is_positive.push_back(label == positive);
    const std::vector<double> scores = IG_TRY(table.numbers(2));
    const BinaryRanking ranking = IG_TRY(binary_ranking(is_positive, scores));
    facts.emplace_back("average_precision", ranking.average_precision);
    facts.emplace_back("roc_auc", ranking.roc_auc);
    program.note("the positive class of average_precision and roc_auc is '" + positive + "'");
  }
  print_values(program, facts);
  print_classes(program, c.classes);
  print_confusion(program, c);
  return kDone;
}

Result<int> clusters(Program& program, Table table, const ValueFlags&) {
  table.drop_empty();
  const std::vector<std::string> truth = IG_TRY(table.texts(0)), found = IG_TRY(table.texts(1));
  const Clustering c = IG_TRY(clustering(truth, found));
  Facts facts{{"v_measure", c.v_measure},
              {"homogeneity", c.homogeneity},
              {"completeness", c.completeness},
              {"nmi", c.nmi},
              {"ami", c.ami},
              {"ari", c.ari},
              {"purity", c.purity}};
  if (table.rows()[0].cells.size() > 2) {
    std::vector<std::vector<double>> points;
    for (const Row& row : table.rows()) {
      auto& point = points.emplace_back();
      for (std::size_t i = 2; i < row.cells.size(); ++i) point.push_back(IG_TRY(table.number(row, i)));
    }
    facts.emplace_back("silhouette", IG_TRY(silhouette(points, found)));
  }
  print_values(program, facts);
  return kDone;
}

// CoNLL: the last two columns of a line, sentences between empty lines.
Result<int> named_entities(Program& program, const Table& table, const ValueFlags& flags) {
  std::vector<std::vector<std::string>> truth(1), predicted(1);
  for (const Row& row : table.rows()) {
    const std::size_t n = row.cells.size();
    if (n == 0) {
      if (!truth.back().empty()) {
        truth.emplace_back();
        predicted.emplace_back();
      }
      continue;
    }
    if (n < 2)
      return fail(Code::corrupt_data, table.place(row) + " has one column; truth and prediction are the last two.");
    truth.back().push_back(row.cells[n - 2]);
    predicted.back().push_back(row.cells[n - 1]);
  }
  if (truth.back().empty()) {
    truth.pop_back();
    predicted.pop_back();
  }
  const Entities e = IG_TRY(entities(truth, predicted, flags.entities));
  Facts facts;
  add_scores(facts, e.micro);
  add_scores(facts, e.macro);
  facts.emplace_back("tag_accuracy", e.tag_accuracy);
  print_values(program, facts);
  print_classes(program, e.classes);
  return kDone;
}

Result<int> language_model(Program& program, Table table, const ValueFlags&) {
  table.drop_empty();
  const std::vector<double> logarithms = IG_TRY(table.numbers(0));
  std::uint64_t characters = 0;
  for (const Row& row : table.rows()) characters += row.cells.size() > 1 ? utf8_count(row.cells[1]) : 0;
  const Perplexity p = IG_TRY(perplexity(logarithms, characters));
  print_values(program, {{"perplexity", p.perplexity},
                         {"bits_per_token", p.bits_per_token},
                         {"bits_per_character", p.bits_per_character}});
  return kDone;
}

struct ValueMetric {
  std::string_view name;
  Result<int> (*run)(Program& program, Table table, const ValueFlags& flags);
};
constexpr std::array kMetrics{
    ValueMetric{"spearman", spearman}, ValueMetric{"classification", classes}, ValueMetric{"clustering", clusters},
    ValueMetric{"entities", [](Program& p, Table t, const ValueFlags& f) { return named_entities(p, t, f); }},
    ValueMetric{"perplexity", language_model}};

}  // namespace

bool is_value_metric(std::string_view metric) {
  return std::ranges::find(kMetrics, metric, &ValueMetric::name) != kMetrics.end();
}

Result<int> run_value_metric(Program& program, std::string_view metric, const std::string& file,
                             const ValueFlags& flags) {
  const auto found = std::ranges::find(kMetrics, metric, &ValueMetric::name);
  Table table = IG_TRY(Table::read(file, flags.header, metric != "entities"));
  if (std::ranges::all_of(table.rows(), [](const Row& row) { return row.cells.empty(); })) {
    return fail(Code::corrupt_data, "'" + file + "' has no line with values.");
  }
  return found->run(program, std::move(table), flags);
}

}  // namespace isogloss::cli
