// SPDX-License-Identifier: Apache-2.0
// Metrics of many small inputs, for values_test.py. A case a line: KIND, then columns between ';', values between ' '.
// Answers a line of numbers.
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/text.hpp"
#include "isogloss/metrics.hpp"

namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view word : isogloss::split(text, ' ')) out.emplace_back(word);
  return out;
}
std::vector<double> numbers(std::string_view text) {
  std::vector<double> out;
  for (const std::string& word : words(text)) out.push_back(std::stod(word));
  return out;
}

std::vector<double> answer(std::string_view kind, std::span<const std::string_view> columns) {
  using namespace isogloss;
  if (kind == "correlation") {
    const Correlations c = correlations(numbers(columns[0]), numbers(columns[1])).value();
    return {c.spearman, c.pearson, c.kendall};
  }
  if (kind == "classification") {
    const Classification c = classification(words(columns[0]), words(columns[1])).value();
    std::vector<double> out{c.accuracy, c.matthews};
    for (const ClassScores* s : {&c.macro, &c.weighted, &c.micro})
      out.insert(out.end(), {s->precision, s->recall, s->f1});
    return out;
  }
  if (kind == "ranking") {
    std::vector<bool> positive;
    for (const std::string& word : words(columns[0])) positive.push_back(word == "1");
    const BinaryRanking r = binary_ranking(positive, numbers(columns[1])).value();
    return {r.average_precision, r.roc_auc};
  }
  if (kind == "tags") {
    const std::vector<std::vector<std::string>> truth{words(columns[1])}, predicted{words(columns[2])};
    const Entities e = entities(truth, predicted, {.scheme = std::string(columns[0])}).value();
    return {e.micro.precision, e.micro.recall, e.micro.f1, e.macro.precision, e.macro.recall, e.macro.f1};
  }
  if (kind == "silhouette") {
    std::vector<std::vector<double>> points;
    const std::vector<double> x = numbers(columns[1]), y = numbers(columns[2]);
    for (std::size_t i = 0; i < x.size(); ++i) points.push_back({x[i], y[i]});
    return {silhouette(points, words(columns[0])).value()};
  }
  const Clustering c = clustering(words(columns[0]), words(columns[1])).value();
  return {c.homogeneity, c.completeness, c.v_measure, c.nmi, c.ami, c.ari};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<std::string_view> parts = isogloss::split(line, ';');
    for (const double value : answer(parts[0], std::span(parts).subspan(1))) std::printf("%.17g ", value);
    std::puts("");
  }
}
