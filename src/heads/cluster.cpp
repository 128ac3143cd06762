// SPDX-License-Identifier: Apache-2.0
#include "heads/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/best_words.hpp"
#include "isogloss/tokens.hpp"
#include "math/agglomerative.hpp"
#include "math/hdbscan.hpp"
#include "math/kmeans.hpp"

namespace isogloss::heads {
namespace {

constexpr std::uint64_t kStarts = 10;
constexpr std::size_t kRounds = 300;

Result<std::vector<std::int32_t>> by_kmeans(math::MatrixView rows, std::size_t clusters, const Context& context) {
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::int32_t> best;
  Context start = context;
  for (std::uint64_t i = 0; i < kStarts; ++i) {
    start.seed = context.seed + i;
    const auto found = IG_TRY(
        math::kmeans(rows, {.clusters = clusters, .rounds = kRounds, .seed_trials = 4, .seed_sample = 0}, start));
    context.report({"cluster", "starts", static_cast<double>(i + 1), static_cast<double>(kStarts), found.inertia});
    if (found.inertia >= least) continue;
    least = found.inertia;
    best.assign(found.assignment.begin(), found.assignment.end());
  }
  return best;
}

// Numbers by size, the largest first, ties by the first row.
void number_by_size(std::vector<std::int32_t>& cluster) {
  const std::int32_t count = cluster.empty() ? 0 : std::ranges::max(cluster) + 1;
  std::vector<std::size_t> sizes(static_cast<std::size_t>(count)), firsts(sizes.size(), cluster.size());
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (cluster[i] < 0) continue;
    const auto c = static_cast<std::size_t>(cluster[i]);
    ++sizes[c];
    firsts[c] = std::min(firsts[c], i);
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : firsts[a] < firsts[b];
  });
  std::vector<std::int32_t> number(order.size());
  for (std::size_t place = 0; place < order.size(); ++place) number[order[place]] = static_cast<std::int32_t>(place);
  for (std::int32_t& c : cluster) c = c < 0 ? -1 : number[static_cast<std::size_t>(c)];
}

}  // namespace

Result<std::vector<std::int32_t>> cluster_rows(const Features& unit, const ClusterOptions& options,
                                               const Context& context) {
  if (unit.is_sparse()) {
    return fail(Code::unsupported,
                "clusters need dense vectors, and those of this model are sparse. Reduce them: -m fit:lsa");
  }
  const std::string method = !options.method.empty() ? options.method : options.clusters > 0 ? "kmeans" : "hdbscan";
  if (method != "hdbscan" && options.clusters == 0) {
    return fail(Code::invalid_argument, "the method " + method + " needs the number of clusters: -k N");
  }
  std::vector<std::int32_t> cluster;
  if (method == "kmeans") {
    cluster = IG_TRY(by_kmeans(unit.dense(), options.clusters, context));
  } else if (method == "agglomerative") {
    const auto found = IG_TRY(math::agglomerative(unit.dense(), options.clusters, context));
    cluster.assign(found.begin(), found.end());
  } else if (method == "hdbscan") {
    cluster = IG_TRY(math::hdbscan(unit.dense(), {.min_cluster_size = options.min_size}, context)).cluster;
  } else {
    return fail(Code::invalid_argument,
                "there is no method '" + method + "'; methods are kmeans, agglomerative and hdbscan.");
  }
  number_by_size(cluster);
  return cluster;
}

std::vector<std::vector<WordScore>> cluster_terms(std::span<const std::string> texts,
                                                  std::span<const std::int32_t> cluster, std::size_t clusters,
                                                  std::size_t terms, const Analyzer& analyzer) {
  std::vector<std::map<std::string, double, std::less<>>> counts(clusters);
  std::map<std::string, double, std::less<>> all;
  std::vector<double> words(clusters);
  std::vector<Term> found;
  double total = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (cluster[i] < 0) continue;
    const auto c = static_cast<std::size_t>(cluster[i]);
    analyzer.analyze(texts[i], found);
    for (const Term& term : found) {
      ++counts[c][std::string(term.text)];
      ++all[std::string(term.text)];
      ++words[c];
      ++total;
    }
  }
  const double mean = clusters == 0 ? 0 : total / static_cast<double>(clusters);
  std::vector<std::vector<WordScore>> out(clusters);
  for (std::size_t c = 0; c < clusters; ++c) {
    std::vector<std::string> names;
    std::vector<double> scores;
    for (const auto& [word, count] : counts[c]) {
      names.push_back(word);
      scores.push_back(count / words[c] * std::log(1 + mean / all.find(word)->second));
    }
    out[c] = best_words<double>(scores, [&](std::size_t i) { return names[i]; }, {}, terms);
  }
  return out;
}

std::vector<std::size_t> central_rows(const Features& unit, std::span<const std::int32_t> cluster,
                                      std::size_t clusters) {
  math::Matrix means(clusters, unit.dim());
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (cluster[i] < 0) continue;
    const auto mean = means.row(static_cast<std::size_t>(cluster[i]));
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += unit.dense()(i, j);
  }
  const Features centers(std::move(means));
  std::vector<std::size_t> out(clusters);
  std::vector<double> best(clusters, -std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < unit.size(); ++i) {
    if (cluster[i] < 0) continue;
    const auto c = static_cast<std::size_t>(cluster[i]);
    const double cosine = unit.likeness(i, centers, c).cosine;
    if (cosine > best[c]) {
      best[c] = cosine;
      out[c] = i;
    }
  }
  return out;
}

}  // namespace isogloss::heads
