// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/weat.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/random.hpp"

namespace isogloss::evaluation {
namespace {

// n over k, or more than `most`.
std::size_t partitions(std::size_t n, std::size_t k, std::size_t most) {
  double count = 1;
  for (std::size_t i = 1; i <= k; ++i) count = count * static_cast<double>(n - k + i) / static_cast<double>(i);
  return count > static_cast<double>(most) ? most + 1 : static_cast<std::size_t>(std::llround(count));
}

// The next choice of k of n in ascending order; false behind the last.
bool next_choice(std::vector<std::size_t>& chosen, std::size_t n) {
  const std::size_t k = chosen.size();
  for (std::size_t i = k; i-- > 0;) {
    if (chosen[i] == n - k + i) continue;
    ++chosen[i];
    for (std::size_t j = i + 1; j < k; ++j) chosen[j] = chosen[j - 1] + 1;
    return true;
  }
  return false;
}

}  // namespace

WeatResult weat(std::span<const double> x, std::span<const double> y, std::size_t samples, std::uint64_t seed) {
  std::vector<double> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  const auto n = static_cast<double>(all.size());
  const double sum_x = std::accumulate(x.begin(), x.end(), 0.0);
  const double mean = std::accumulate(all.begin(), all.end(), 0.0) / n;
  double squares = 0;
  for (const double s : all) squares += (s - mean) * (s - mean);
  const double mean_x = sum_x / static_cast<double>(x.size());
  const double mean_y = (mean * n - sum_x) / static_cast<double>(y.size());
  WeatResult out;
  out.effect =
      squares > 0 ? (mean_x - mean_y) / std::sqrt(squares / (n - 1)) : std::numeric_limits<double>::quiet_NaN();
  // A sum in another order may differ in its last bits: it counts as equal.
  const double least = sum_x - 1e-12 * (std::abs(sum_x) + 1);
  std::size_t reached = 0;
  const std::size_t all_partitions = partitions(all.size(), x.size(), samples);
  out.exact = all_partitions <= samples;
  if (out.exact) {
    std::vector<std::size_t> chosen(x.size());
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    do {
      double sum = 0;
      for (const std::size_t i : chosen) sum += all[i];
      reached += sum >= least ? 1 : 0;
      ++out.partitions;
    } while (next_choice(chosen, all.size()));
  } else {
    reached = out.partitions = 1;
    Random random(seed);
    while (out.partitions < samples) {
      random.shuffle(std::span(all));
      reached +=
          std::accumulate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(x.size()), 0.0) >= least ? 1 : 0;
      ++out.partitions;
    }
  }
  out.p = static_cast<double>(reached) / static_cast<double>(out.partitions);
  return out;
}

}  // namespace isogloss::evaluation
