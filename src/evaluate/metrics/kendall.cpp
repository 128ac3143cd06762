// SPDX-License-Identifier: Apache-2.0
// Spearman, Pearson and Kendall's tau-b of two columns. tau-b = (concordant - discordant) / sqrt((pairs - ties of x)
// (pairs - ties of y)), by Knight's merge sort (1966) in n log n, as scipy.stats.kendalltau.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "evaluate/metrics/correlation.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

// Pairs of equal values among sorted items.
template <class Same>
double tied_pairs(std::size_t n, Same&& same) {
  double pairs = 0, run = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    if (i < n && same(i - 1, i)) {
      ++run;
    } else {
      pairs += run * (run - 1) / 2;
      run = 1;
    }
  }
  return pairs;
}

// Exchanges a stable sort of the values takes.
double sort_exchanges(std::vector<double>& values, std::vector<double>& scratch, std::size_t begin, std::size_t end) {
  if (end - begin < 2) return 0;
  const std::size_t middle = begin + (end - begin) / 2;
  double exchanges = sort_exchanges(values, scratch, begin, middle) + sort_exchanges(values, scratch, middle, end);
  std::size_t left = begin, right = middle;
  for (std::size_t out = begin; out < end; ++out) {
    if (left < middle && (right == end || values[left] <= values[right])) {
      scratch[out] = values[left++];
    } else {
      exchanges += static_cast<double>(middle - left);
      scratch[out] = values[right++];
    }
  }
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(begin), scratch.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(begin));
  return exchanges;
}

double kendall(std::span<const double> x, std::span<const double> y) {
  const std::size_t n = x.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return x[a] != x[b] ? x[a] < x[b] : y[a] < y[b]; });
  const auto same_x = [&](std::size_t a, std::size_t b) { return x[order[a]] == x[order[b]]; };
  const double both =
      tied_pairs(n, [&](std::size_t a, std::size_t b) { return same_x(a, b) && y[order[a]] == y[order[b]]; });
  const double ties_x = tied_pairs(n, same_x);
  std::vector<double> values(n), scratch(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = y[order[i]];
  const double discordant = sort_exchanges(values, scratch, 0, n);
  const double ties_y = tied_pairs(n, [&](std::size_t a, std::size_t b) { return values[a] == values[b]; });
  const double pairs = static_cast<double>(n) * static_cast<double>(n - 1) / 2;
  if (ties_x == pairs || ties_y == pairs) return std::numeric_limits<double>::quiet_NaN();
  const double difference = pairs - ties_x - ties_y + both - 2 * discordant;
  return std::clamp(difference / std::sqrt(pairs - ties_x) / std::sqrt(pairs - ties_y), -1.0, 1.0);
}

}  // namespace

Result<Correlations> correlations(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size() || x.size() < 2) {
    return fail(Code::invalid_argument, "a correlation needs two or more pairs of numbers; there are " +
                                            std::to_string(x.size()) + " and " + std::to_string(y.size()) + ".");
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isfinite(x[i]) && std::isfinite(y[i])) continue;
    return fail(Code::invalid_argument,
                "pair " + std::to_string(i + 1) + " has a value that is not finite; leave it out.");
  }
  return Correlations{evaluation::spearman(x, y), evaluation::pearson(x, y), kendall(x, y)};
}

}  // namespace isogloss
