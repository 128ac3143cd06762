// SPDX-License-Identifier: Apache-2.0
// Search among rows of token vectors by MaxSim beside brute force: bench_max_sim VECTORS OFFSETS DIM QUERIES
//   VECTORS  f32 (tokens, dim); OFFSETS int64 (rows + 1): the tokens of each row. The last QUERIES rows are the
//   queries.
// Brute force is one matrix product of a query's tokens with all tokens and the largest of each row, rows in f32.
// Prints one line of JSON; rounds alternate, the best of each counts.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "bench/contestant.hpp"
#include "isogloss/index.hpp"
#include "math/gemm.hpp"
#include "math/topk.hpp"

namespace isogloss::bench {
namespace {

constexpr std::size_t kHits = 10;
constexpr int kRounds = 3;

struct Set {
  math::Matrix vectors;  // (tokens, dim)
  std::vector<std::size_t> offsets;

  Vectors some(std::size_t begin, std::size_t end) const {
    const std::size_t first = offsets[begin];
    Vectors out = Vectors::dense(offsets[end] - first, vectors.columns());
    for (std::size_t t = first; t < offsets[end]; ++t) {
      std::ranges::copy(vectors.row(t), out.row_f32(t - first).begin());
    }
    for (std::size_t row = begin; row <= end; ++row) out.row_offsets.push_back(offsets[row] - first);
    return out;
  }
};

Set read_set(char** arguments) {
  const std::vector<std::int64_t> offsets = read_values<std::int64_t>(arguments[2]);
  const std::vector<float> values = read_values<float>(arguments[1]);
  const auto dim = static_cast<std::size_t>(std::strtoull(arguments[3], nullptr, 10));
  Set set{math::Matrix(values.size() / dim, dim), {offsets.begin(), offsets.end()}};
  std::ranges::copy(values, set.vectors.row(0).data());
  return set;
}

std::vector<IndexHit> brute_force(const Set& set, std::size_t rows, std::size_t query) {
  const std::size_t first = set.offsets[query];
  const std::size_t count = set.offsets[query + 1] - first;
  const math::PackedRight right(set.vectors.view().middle_rows(first, count).transposed());
  const std::size_t tokens = set.offsets[rows];
  math::Matrix products(tokens, count);
  math::gemm(set.vectors.view().middle_rows(0, tokens), right, products.view(), math::Write::set, Context{});
  math::TopK best(kHits);
  std::vector<float> largest(count);
  for (std::size_t row = 0; row < rows; ++row) {
    std::ranges::fill(largest, -2.0F);
    for (std::size_t t = set.offsets[row]; t < set.offsets[row + 1]; ++t) {
      const float* product = products.row(t).data();
      for (std::size_t i = 0; i < count; ++i) largest[i] = std::max(largest[i], product[i]);
    }
    best.push(std::accumulate(largest.begin(), largest.end(), 0.0F), static_cast<std::int64_t>(row));
  }
  std::vector<IndexHit> hits;
  for (const math::Scored& one : best.take()) hits.push_back({one.id, one.score});
  return hits;
}

double recall_of(const std::vector<std::vector<IndexHit>>& found, const std::vector<std::vector<IndexHit>>& truth) {
  double right = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    for (const IndexHit& hit : truth[q]) {
      right += std::ranges::any_of(found[q], [&](const IndexHit& one) { return one.id == hit.id; }) ? 1 : 0;
    }
  }
  return right / static_cast<double>(truth.size() * kHits);
}

int run(char** arguments) {
  const Set set = read_set(arguments);
  const auto queries = static_cast<std::size_t>(std::strtoull(arguments[4], nullptr, 10));
  const std::size_t rows = set.offsets.size() - 1 - queries;
  const auto path = std::filesystem::temp_directory_path() / "bench_max_sim.index";
  const Stopwatch build;
  {
    const auto fresh = must(make_multi_vector_index({set.vectors.columns(), Metric::cosine, DType::bf16}));
    std::vector<std::int64_t> ids(rows);
    std::iota(ids.begin(), ids.end(), 0);
    must(fresh->add(ids, set.some(0, rows), Context{}));
    must(fresh->save(path, {}, Context{}));
  }
  const double built = build.cpu();
  const auto index = must(map_multi_vector_index(path));
  std::vector<std::vector<IndexHit>> truth(queries);
  std::vector<std::vector<IndexHit>> found(queries);
  double brute = 1e9;
  double ours = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const Stopwatch first;
    for (std::size_t q = 0; q < queries; ++q) truth[q] = brute_force(set, rows, rows + q);
    brute = std::min(brute, first.seconds());
    std::vector<Vectors> asked;
    for (std::size_t q = 0; q < queries; ++q) asked.push_back(set.some(rows + q, rows + q + 1));
    const Stopwatch second;
    for (std::size_t q = 0; q < queries; ++q) found[q] = must(index->search(asked[q], {kHits}, Context{})).front();
    ours = std::min(ours, second.seconds());
  }
  const double each = 1e3 / static_cast<double>(queries);
  std::printf(
      "{\"rows\": %zu, \"tokens\": %zu, \"queries\": %zu, \"brute_ms\": %.3f, \"ours_ms\": %.3f, \"ratio\": %.1f, "
      "\"recall\": %.4f, \"build_cpu\": %.2f}\n",
      rows, set.offsets[rows], queries, brute * each, ours * each, brute / ours, recall_of(found, truth), built);
  std::filesystem::remove(path);
  return 0;
}

}  // namespace
}  // namespace isogloss::bench

int main(int count, char** arguments) { return count == 5 ? isogloss::bench::run(arguments) : 2; }
