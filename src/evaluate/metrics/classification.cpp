// SPDX-License-Identifier: Apache-2.0
// Labels beside predictions, as scikit-learn 1.9: the labels are those of either side; a ratio of 0 / 0 is 0 (its
// zero_division), but Matthews' coefficient with one label on a side, AP without and ROC-AUC with one class are NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(double a, double b) { return b > 0 ? a / b : 0.0; }

ClassScores scores(std::string label, double right, double predicted, double there) {
  return {std::move(label), ratio(right, predicted), ratio(right, there), ratio(2 * right, predicted + there),
          static_cast<std::uint64_t>(there)};
}

// Gorodkin's for any number of classes.
double matthews(double right, double n, std::span<const double> predicted, std::span<const double> there) {
  double cross = 0, squares_predicted = 0, squares_there = 0;
  for (std::size_t k = 0; k < there.size(); ++k) {
    cross += predicted[k] * there[k];
    squares_predicted += predicted[k] * predicted[k];
    squares_there += there[k] * there[k];
  }
  const double a = n * n - squares_predicted, b = n * n - squares_there;
  return a > 0 && b > 0 ? (right * n - cross) / std::sqrt(a * b) : kUndefined;
}

}  // namespace

Result<Classification> classification(std::span<const std::string> truth, std::span<const std::string> predicted) {
  if (truth.size() != predicted.size() || truth.empty()) {
    return fail(Code::invalid_argument, "there are " + std::to_string(truth.size()) + " labels and " +
                                            std::to_string(predicted.size()) +
                                            " predictions; one of each is needed for every item.");
  }
  Classification out;
  out.labels.assign(truth.begin(), truth.end());
  out.labels.insert(out.labels.end(), predicted.begin(), predicted.end());
  std::ranges::sort(out.labels);
  out.labels.erase(std::ranges::unique(out.labels).begin(), out.labels.end());
  const std::size_t k = out.labels.size();
  constexpr std::size_t kMostLabels = 10'000;  // the confusion matrix is their square
  if (k > kMostLabels) {
    return fail(Code::invalid_argument, "there are " + std::to_string(k) +
                                            " labels; 10000 is the most. Is the column of labels the right one?");
  }
  const auto number = [&](const std::string& label) {
    return static_cast<std::size_t>(std::ranges::lower_bound(out.labels, label) - out.labels.begin());
  };
  out.confusion.assign(k, std::vector<std::uint64_t>(k, 0));
  for (std::size_t i = 0; i < truth.size(); ++i) ++out.confusion[number(truth[i])][number(predicted[i])];
  std::vector<double> there(k, 0), guessed(k, 0);
  double right = 0;
  const auto n = static_cast<double>(truth.size());
  for (std::size_t a = 0; a < k; ++a) {
    right += static_cast<double>(out.confusion[a][a]);
    for (std::size_t b = 0; b < k; ++b) {
      there[a] += static_cast<double>(out.confusion[a][b]);
      guessed[b] += static_cast<double>(out.confusion[a][b]);
    }
  }
  out.macro.label = "macro";
  out.weighted.label = "weighted";
  for (std::size_t a = 0; a < k; ++a) {
    out.classes.push_back(scores(out.labels[a], static_cast<double>(out.confusion[a][a]), guessed[a], there[a]));
    for (auto [mean, weight] : {std::pair{&out.macro, 1.0 / static_cast<double>(k)}, {&out.weighted, there[a] / n}}) {
      mean->precision += weight * out.classes[a].precision;
      mean->recall += weight * out.classes[a].recall;
      mean->f1 += weight * out.classes[a].f1;
    }
  }
  out.micro = scores("micro", right, n, n);
  out.macro.support = out.weighted.support = truth.size();
  out.accuracy = right / n;
  out.matthews = matthews(right, n, guessed, there);
  return out;
}

Result<BinaryRanking> binary_ranking(const std::vector<bool>& positive, std::span<const double> scores) {
  if (positive.size() != scores.size() || scores.empty()) {
    return fail(Code::invalid_argument, "there are " + std::to_string(positive.size()) + " labels and " +
                                            std::to_string(scores.size()) + " scores; one of each is needed.");
  }
  for (const double score : scores) {
    if (!std::isfinite(score)) return fail(Code::invalid_argument, "a score is not finite; leave its item out.");
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, std::greater<>(), [&](std::size_t i) { return scores[i]; });
  double hits = 0, misses = 0, average = 0, area = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    const double hits_before = hits, misses_before = misses;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      ++(positive[order[end]] ? hits : misses);
    average += (hits - hits_before) * hits / (hits + misses);
    area += (misses - misses_before) * (hits + hits_before) / 2;  // trapezoids under the ROC curve
    begin = end;
  }
  return BinaryRanking{hits > 0 ? average / hits : kUndefined,
                       hits > 0 && misses > 0 ? area / (hits * misses) : kUndefined};
}

Result<Perplexity> perplexity(std::span<const double> log_probabilities, std::uint64_t characters) {
  if (log_probabilities.empty()) return fail(Code::invalid_argument, "there is no token; a perplexity needs one.");
  double sum = 0;
  for (std::size_t i = 0; i < log_probabilities.size(); ++i) {
    if (!(log_probabilities[i] <= 0)) {
      return fail(Code::invalid_argument,
                  "value " + std::to_string(i + 1) + " is no logarithm of a probability: it must be 0 or below.");
    }
    sum -= log_probabilities[i];
  }
  const double mean = sum / static_cast<double>(log_probabilities.size());
  return Perplexity{std::exp(mean), mean / std::log(2.0),
                    characters > 0 ? sum / std::log(2.0) / static_cast<double>(characters) : kUndefined};
}

}  // namespace isogloss
