// SPDX-License-Identifier: Apache-2.0
// Clusters beside classes, as scikit-learn 1.9: natural logarithms; a side without entropy is 1. AMI's expected mutual
// information is that of the hypergeometric model (Vinh, Epps and Bailey 2010).
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "evaluate/metrics/purity.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

struct Table {
  std::vector<std::uint32_t> classes, clusters;  // (n) numbers
  std::vector<double> rows, columns;             // items of a class, of a cluster
  std::map<std::pair<std::uint32_t, std::uint32_t>, double> cells;
  double n = 0;
};

std::vector<std::uint32_t> numbered(std::span<const std::string> labels, std::vector<double>& counts) {
  std::map<std::string_view, std::uint32_t> known;
  std::vector<std::uint32_t> out;
  for (const std::string& label : labels) {
    const std::uint32_t number = known.try_emplace(label, static_cast<std::uint32_t>(known.size())).first->second;
    if (number == counts.size()) counts.push_back(0);
    ++counts[number];
    out.push_back(number);
  }
  return out;
}

double entropy(std::span<const double> counts, double n) {
  if (counts.size() == 1) return 0;
  double sum = 0;
  for (const double c : counts) sum -= c / n * (std::log(c) - std::log(n));
  return sum;
}

double mutual_information(const Table& t) {
  double sum = 0;
  for (const auto& [cell, count] : t.cells) {
    sum += count / t.n *
           (std::log(count) + std::log(t.n) - std::log(t.rows[cell.first]) - std::log(t.columns[cell.second]));
  }
  return std::max(sum, 0.0);
}

double expected_mutual_information(const Table& t) {
  const auto log_factorial = [](double x) { return std::lgamma(x + 1); };
  double sum = 0;
  for (const double a : t.rows) {
    for (const double b : t.columns) {
      const double constant =
          log_factorial(a) + log_factorial(b) + log_factorial(t.n - a) + log_factorial(t.n - b) - log_factorial(t.n);
      for (double c = std::max(1.0, a + b - t.n); c <= std::min(a, b); ++c) {
        const double probability = std::exp(constant - log_factorial(c) - log_factorial(a - c) - log_factorial(b - c) -
                                            log_factorial(t.n - a - b + c));
        sum += c / t.n * (std::log(t.n) + std::log(c) - std::log(a) - std::log(b)) * probability;
      }
    }
  }
  return sum;
}

double adjusted_mutual_information(const Table& t, double classes, double clusters, double mutual) {
  const std::size_t r = t.rows.size(), c = t.columns.size();
  if (r == c && (r == 1 || static_cast<double>(r) == t.n)) return 1;
  if (r == 1 || c == 1) return 0;
  const double expected = expected_mutual_information(t);
  double denominator = (classes + clusters) / 2 - expected;
  constexpr double kEpsilon = 2.220446049250313e-16;  // as scikit-learn against 0 / 0
  denominator = denominator < 0 ? std::min(denominator, -kEpsilon) : std::max(denominator, kEpsilon);
  return (mutual - expected) / denominator;
}

// From the pairs that both, one or none of the sides put together.
double adjusted_rand(const Table& t) {
  double together = 0, rows = 0, columns = 0;
  for (const auto& [cell, count] : t.cells) together += count * count;
  for (const double c : t.rows) rows += c * c;
  for (const double c : t.columns) columns += c * c;
  const double both = together - t.n, first = rows - together, second = columns - together;
  const double none = t.n * t.n - rows - columns + together;
  if (first == 0 && second == 0) return 1;
  return 2 * (both * none - first * second) / ((both + first) * (first + none) + (both + second) * (second + none));
}

}  // namespace

Result<Clustering> clustering(std::span<const std::string> classes, std::span<const std::string> clusters) {
  if (classes.size() != clusters.size() || classes.empty()) {
    return fail(Code::invalid_argument, "there are " + std::to_string(classes.size()) + " classes and " +
                                            std::to_string(clusters.size()) +
                                            " clusters; one of each is needed for every item.");
  }
  Table t;
  t.n = static_cast<double>(classes.size());
  t.classes = numbered(classes, t.rows);
  t.clusters = numbered(clusters, t.columns);
  for (std::size_t i = 0; i < t.classes.size(); ++i) ++t.cells[{t.classes[i], t.clusters[i]}];
  const double h_classes = entropy(t.rows, t.n), h_clusters = entropy(t.columns, t.n), mutual = mutual_information(t);
  Clustering out;
  out.homogeneity = h_classes > 0 ? mutual / h_classes : 1;
  out.completeness = h_clusters > 0 ? mutual / h_clusters : 1;
  const double sum = out.homogeneity + out.completeness;
  out.v_measure = sum > 0 ? 2 * out.homogeneity * out.completeness / sum : 0;
  out.nmi = out.v_measure;
  out.ami = adjusted_mutual_information(t, h_classes, h_clusters, mutual);
  out.ari = adjusted_rand(t);
  out.purity = evaluation::purity(t.clusters, t.classes);
  return out;
}

Result<double> silhouette(const std::vector<std::vector<double>>& points, std::span<const std::string> clusters) {
  std::vector<double> sizes;
  const std::vector<std::uint32_t> cluster = numbered(clusters, sizes);
  if (points.size() != clusters.size() || sizes.size() < 2 || sizes.size() >= points.size()) {
    return fail(Code::invalid_argument, "a silhouette needs 2 to n - 1 clusters of n points; there are " +
                                            std::to_string(sizes.size()) + " of " + std::to_string(points.size()) +
                                            ".");
  }
  double total = 0;
  std::vector<double> sums(sizes.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].size() != points[0].size()) {
      return fail(Code::invalid_argument, "point " + std::to_string(i + 1) + " has another number of columns.");
    }
    std::ranges::fill(sums, 0.0);
    for (std::size_t j = 0; j < points.size(); ++j) {
      double squares = 0;
      for (std::size_t d = 0; d < std::min(points[i].size(), points[j].size()); ++d) {
        squares += (points[i][d] - points[j][d]) * (points[i][d] - points[j][d]);
      }
      sums[cluster[j]] += std::sqrt(squares);
    }
    const std::uint32_t own = cluster[i];
    if (sizes[own] < 2) continue;  // alone in its cluster: 0
    const double inside = sums[own] / (sizes[own] - 1);
    double outside = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      if (c != own) outside = std::min(outside, sums[c] / sizes[c]);
    }
    const double most = std::max(inside, outside);
    if (most > 0) total += (outside - inside) / most;
  }
  return total / static_cast<double>(points.size());
}

}  // namespace isogloss
