// SPDX-License-Identifier: Apache-2.0
// Four steps, each on what the last one left:
//
//   points --distances--> core distance of each: how far its min_samples-th neighbour is
//   --Prim--> the tree of least mutual reachability max(core a, core b, distance a b): n - 1 edges
//   --by length--> merges of ever larger groups; read from the top, a split is one where both sides hold
//                  min_cluster_size points, else points fall out of a cluster that lives on: the condensed tree
//   --excess of mass--> a cluster is kept when it outlives its parts: sum over points of 1/distance at which a point
//                  leaves minus 1/distance at which the cluster began, against the same of its best parts
//
// Distances are computed as they are needed, a block of rows against all: the n x n matrix is never kept.
#include "math/hdbscan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/parallel.hpp"
#include "math/gemm.hpp"
#include "math/union_find.hpp"
#include "simd/kernels.hpp"

namespace isogloss::math {
namespace {

constexpr std::size_t kBlock = 128;   // rows of a block of distances
constexpr std::size_t kGrain = 4096;  // points of a task of Prim's step
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Edge {
  std::uint32_t a = 0, b = 0;
  double length = 0;
};

std::vector<double> squared_lengths(MatrixView points) {
  std::vector<double> out(points.rows);
  for (std::size_t i = 0; i < points.rows; ++i) {
    for (const float x : points.row(i)) out[i] += static_cast<double>(x) * static_cast<double>(x);
  }
  return out;
}

// In double: distances of near points are differences of large numbers.
double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double d = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += d * d;
  }
  return std::sqrt(sum);
}

// Distance to the k-th nearest point, itself counted first. Products give the candidates, exact distances the answer.
std::vector<double> core_distances(MatrixView points, std::size_t k, const Context& context) {
  const std::vector<double> squares = squared_lengths(points);
  std::vector<double> core(points.rows);
  const std::size_t kept = std::min(points.rows, k + 8);  // more than k: products round
  for (std::size_t begin = 0; begin < points.rows && context.check(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, points.rows - begin);
    Matrix products(count, points.rows);
    gemm(points.middle_rows(begin, count), points.transposed(), products.view(), Write::set, context);
    parallel_for(context, count, 1, [&](std::size_t first, std::size_t last) {
      std::vector<std::uint32_t> order(points.rows);
      std::vector<double> exact(kept);
      for (std::size_t i = first; i < last; ++i) {
        std::iota(order.begin(), order.end(), 0U);
        const auto near = [&](std::uint32_t j) { return squares[j] - 2 * static_cast<double>(products(i, j)); };
        std::ranges::nth_element(order, order.begin() + static_cast<std::ptrdiff_t>(kept - 1), {}, near);
        for (std::size_t c = 0; c < kept; ++c) exact[c] = distance(points.row(begin + i), points.row(order[c]));
        std::ranges::nth_element(exact, exact.begin() + static_cast<std::ptrdiff_t>(k - 1));
        core[begin + i] = exact[k - 1];
      }
    });
  }
  return core;
}

// Prim's algorithm on the complete graph. (n - 1) edges
std::vector<Edge> spanning_tree(MatrixView points, std::span<const double> core, const Context& context) {
  const std::size_t n = points.rows;
  std::vector<double> reach(n, kInfinity);
  std::vector<std::uint32_t> from(n);
  std::vector<std::uint8_t> done(n);
  std::vector<Edge> edges;
  std::uint32_t current = 0;
  const std::size_t tasks = (n + kGrain - 1) / kGrain;
  std::vector<std::uint32_t> nearest(tasks);
  while (edges.size() + 1 < n && context.check()) {
    done[current] = 1;
    parallel_for(context, n, kGrain, [&](std::size_t begin, std::size_t end) {
      std::uint32_t best = static_cast<std::uint32_t>(n);
      for (std::size_t j = begin; j < end; ++j) {
        if (done[j] != 0) continue;
        if (std::max(core[current], core[j]) < reach[j]) {
          const double d = std::max({core[current], core[j], distance(points.row(current), points.row(j))});
          if (d < reach[j]) {
            reach[j] = d;
            from[j] = current;
          }
        }
        if (best == n || reach[j] < reach[best]) best = static_cast<std::uint32_t>(j);
      }
      nearest[begin / kGrain] = best;
    });
    std::uint32_t next = static_cast<std::uint32_t>(n);
    for (const std::uint32_t candidate : nearest) {
      if (candidate != n && (next == n || reach[candidate] < reach[next])) next = candidate;
    }
    edges.push_back({from[next], next, reach[next]});
    current = next;
  }
  std::ranges::stable_sort(edges, {}, &Edge::length);
  return edges;
}

// Merges in order of length: node n + i joins two nodes.
struct Merge {
  std::uint32_t left = 0, right = 0;
  double length = 0;
  std::uint32_t size = 0;
};

std::vector<Merge> merges_of(const std::vector<Edge>& edges, std::size_t n) {
  UnionFind together(2 * n - 1);
  std::vector<Merge> merges;
  const auto size_of = [&](std::uint32_t node) { return node < n ? 1U : merges[node - n].size; };
  for (const Edge& edge : edges) {
    const std::uint32_t a = together.root(edge.a), b = together.root(edge.b);
    const auto node = static_cast<std::uint32_t>(n + merges.size());
    merges.push_back({a, b, edge.length, size_of(a) + size_of(b)});
    together.put_under(a, node);
    together.put_under(b, node);
  }
  return merges;
}

// A cluster of the condensed tree; 0 is all points.
struct Condensed {
  std::uint32_t parent = 0;
  double birth = 0;      // 1 / distance
  double stability = 0;  // sum over its points of (1 / distance at which they leave - birth)
  std::vector<std::uint32_t> parts;
};

class CondensedTree {
 public:
  CondensedTree(const std::vector<Merge>& merges, std::size_t n, std::size_t least)
      : merges_(merges), n_(n), least_(least), cluster_of(n) {
    clusters.push_back({});
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open{
        {static_cast<std::uint32_t>(2 * n - 2), 0U}};  // node, cluster
    while (!open.empty()) {
      const auto [node, cluster] = open.back();
      open.pop_back();
      const Merge& merge = merges_[node - n_];
      const double lambda = merge.length > 0 ? 1 / merge.length : kInfinity;
      const std::uint32_t left = size(merge.left), right = size(merge.right);
      const bool split = left >= least_ && right >= least_;
      for (const auto& [child, count] : {std::pair(merge.left, left), std::pair(merge.right, right)}) {
        if (count < least_)
          fall_out(child, cluster, lambda);
        else if (!split)
          open.emplace_back(child, cluster);
        else
          open.emplace_back(child, begin(cluster, lambda, count));
      }
    }
  }

 private:
  const std::vector<Merge>& merges_;
  std::size_t n_, least_;

  std::uint32_t size(std::uint32_t node) const { return node < n_ ? 1U : merges_[node - n_].size; }
  std::uint32_t begin(std::uint32_t parent, double lambda, std::uint32_t count) {
    const auto number = static_cast<std::uint32_t>(clusters.size());
    leave(parent, lambda, count);
    clusters.push_back({parent, lambda, 0, {}});
    clusters[parent].parts.push_back(number);
    return number;
  }
  void leave(std::uint32_t cluster, double lambda, std::uint32_t count) {
    Condensed& c = clusters[cluster];
    // Points at distance 0 leave at infinity together with the cluster's birth: no life, not NaN.
    if (lambda != c.birth) c.stability += (lambda - c.birth) * count;
  }
  void fall_out(std::uint32_t node, std::uint32_t cluster, double lambda) {
    leave(cluster, lambda, size(node));
    std::vector<std::uint32_t> open{node};
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      if (at < n_) {
        cluster_of[at] = cluster;
        continue;
      }
      open.push_back(merges_[at - n_].left);
      open.push_back(merges_[at - n_].right);
    }
  }

 public:
  std::vector<Condensed> clusters;
  std::vector<std::uint32_t> cluster_of;  // (points): the one it falls out of
};

// For every cluster the kept one above it, itself included; 0 = none.
std::vector<std::uint32_t> kept_above(std::vector<Condensed>& clusters) {
  std::vector<bool> kept(clusters.size());
  for (std::size_t c = clusters.size(); c-- > 1;) {  // parts have larger numbers than what they are parts of
    double parts = 0;
    for (const std::uint32_t part : clusters[c].parts) parts += clusters[part].stability;
    kept[c] = clusters[c].parts.empty() || parts <= clusters[c].stability;
    if (!kept[c]) clusters[c].stability = parts;
  }
  std::vector<std::uint32_t> above(clusters.size());
  for (std::size_t c = 1; c < clusters.size(); ++c) {
    const std::uint32_t of_parent = above[clusters[c].parent];
    above[c] = of_parent != 0 ? of_parent : kept[c] ? static_cast<std::uint32_t>(c) : 0;
  }
  return above;
}

}  // namespace

Result<Hdbscan> hdbscan(MatrixView points, const HdbscanOptions& options, const Context& context) {
  const std::size_t samples = options.min_samples == 0 ? options.min_cluster_size : options.min_samples;
  if (options.min_cluster_size < 2) return fail(Code::invalid_argument, "A cluster has at least 2 points.");
  if (points.rows < samples) {
    return fail(Code::invalid_argument, "There are " + std::to_string(points.rows) + " points, fewer than the " +
                                            std::to_string(samples) + " neighbours that make one dense.");
  }
  for (std::size_t i = 0; i < points.rows; ++i) {
    if (std::isfinite(simd::kernels().sum_of_squares(&points(i, 0), points.columns))) continue;
    return fail(Code::invalid_argument, "Point " + std::to_string(i) + " holds a value that is not finite.",
                static_cast<std::ptrdiff_t>(i));
  }
  Hdbscan out;
  out.cluster.assign(points.rows, -1);
  if (points.rows < 2) return out;
  const std::vector<double> core = core_distances(points, samples, context);
  const std::vector<Edge> edges = spanning_tree(points, core, context);
  IG_TRY(context.check());
  CondensedTree tree(merges_of(edges, points.rows), points.rows, options.min_cluster_size);
  const std::vector<std::uint32_t> above = kept_above(tree.clusters);
  std::vector<std::int32_t> number(tree.clusters.size(), -1);
  for (std::size_t i = 0; i < points.rows; ++i) {
    const std::uint32_t kept = above[tree.cluster_of[i]];
    if (kept == 0) continue;
    if (number[kept] < 0) number[kept] = static_cast<std::int32_t>(out.clusters++);
    out.cluster[i] = number[kept];
  }
  return out;
}

}  // namespace isogloss::math
