// SPDX-License-Identifier: Apache-2.0
// Recall asked is recall given: ten kinds of sets, measured on queries that no calibration has seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/random.hpp"
#include "core/test_support.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

using Hits = std::vector<std::vector<IndexHit>>;
// Row or query, drawn from `random`; what all of them share comes from `same`, which starts anew for each.
using Draw = std::function<void(Random& random, Random& same, std::span<float> row)>;

float normal(Random& random) { return static_cast<float>(random.normal()); }

void random_row(Random& random, Random&, std::span<float> row) {
  for (float& x : row) x = normal(random);
}

// One of `clusters` centres plus noise.
Draw clusters(std::size_t count, float noise) {
  return [=](Random& random, Random& same, std::span<float> row) {
    Random centre(same.next(), random.bounded(count));
    for (float& x : row) x = normal(centre) + noise * normal(random);
  };
}

// All rows near one direction, as means of word vectors are.
void one_direction(Random& random, Random& same, std::span<float> row) {
  for (float& x : row) x = normal(same) + 0.4F * normal(random);
}

// Column j has variance 1 / (1 + j): the spectrum of sentence vectors, with topics.
void like_sentences(Random& random, Random& same, std::span<float> row) {
  Random topic(same.next(), random.bounded(300));
  for (std::size_t j = 0; j < row.size(); ++j) {
    row[j] = (0.7F * normal(topic) + normal(random)) / std::sqrt(1.0F + static_cast<float>(j));
  }
}

// Points of an eight-dimensional subspace, slightly off it.
void few_dimensions(Random& random, Random& same, std::span<float> row) {
  std::fill(row.begin(), row.end(), 0.0F);
  for (int axis = 0; axis < 8; ++axis) {
    const float along = normal(random);
    for (float& x : row) x += along * normal(same);
  }
  for (float& x : row) x += 0.1F * normal(random);
}

// Lengths from a tenth to ten.
void many_lengths(Random& random, Random&, std::span<float> row) {
  const float length = std::exp(normal(random));
  for (float& x : row) x = length * normal(random);
}

// Small whole numbers, most of them zero, as counts and image features are.
void counts(Random& random, Random& same, std::span<float> row) {
  Random kind(same.next(), random.bounded(100));
  for (float& x : row) x = std::floor(std::max(0.0F, 3.0F * normal(kind) + 2.0F * normal(random)));
}

// 400 different rows, again and again.
void duplicates(Random& random, Random& same, std::span<float> row) {
  Random one(same.next(), random.bounded(400));
  for (float& x : row) x = normal(one);
}

// Every third row is zero.
void with_zeros(Random& random, Random& same, std::span<float> row) {
  const bool zero = random.bounded(3) == 0;
  clusters(30, 0.8F)(random, same, row);
  if (zero) std::fill(row.begin(), row.end(), 0.0F);
}

struct Set {
  const char* name;
  std::size_t rows, dim;
  Metric metric;
  Draw draw;
};

std::vector<Set> sets() {
  return {{"random", 20000, 48, Metric::cosine, random_row},
          {"clustered", 40000, 64, Metric::euclidean, clusters(200, 0.8F)},
          {"one cluster", 10000, 100, Metric::euclidean, clusters(1, 0.05F)},
          {"one direction", 34000, 100, Metric::cosine, one_direction},
          {"like sentences", 40000, 96, Metric::cosine, like_sentences},
          {"few dimensions", 34000, 128, Metric::dot, few_dimensions},
          {"many lengths", 12000, 72, Metric::dot, many_lengths},
          {"counts", 15000, 64, Metric::euclidean, counts},
          {"duplicates", 34000, 32, Metric::cosine, duplicates},
          {"zeros", 9000, 40, Metric::cosine, with_zeros},
          {"tiny", 300, 32, Metric::cosine, random_row},
          {"not calibrated", 3000, 384, Metric::cosine, like_sentences}};
}

Vectors drawn(const Set& set, std::size_t rows, std::uint64_t stream) {
  Random random(21, stream);
  Vectors out = Vectors::dense(rows, set.dim);
  for (std::size_t i = 0; i < rows; ++i) {
    Random same(22);
    set.draw(random, same, out.row_f32(i));
  }
  return out;
}

std::vector<std::int64_t> numbered(std::size_t n) {
  std::vector<std::int64_t> ids(n);
  std::iota(ids.begin(), ids.end(), 0);
  return ids;
}

Hits search(const VectorIndex& index, const Vectors& queries, double recall, const Context& context = {}) {
  IndexQuery query;
  query.recall = recall;
  return index.search(queries.view(), query, context).value();
}

// Share of the true hits that were found, equal scores counting as equal.
double recall_of(const Hits& found, const Hits& truth) {
  double right = 0;
  double all = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    EXPECT_EQ(found[q].size(), truth[q].size());
    const float worst = truth[q].back().score;
    right += static_cast<double>(std::ranges::count_if(found[q], [&](const IndexHit& h) { return h.score >= worst; }));
    all += static_cast<double>(truth[q].size());
  }
  return right / all;
}

// A saved index, as calibration belongs to the file.
std::unique_ptr<VectorIndex> saved(const Set& set, const Vectors& rows, const std::filesystem::path& path) {
  const auto index = make_scan_index({set.dim, set.metric, DType::f32}).value();
  EXPECT_TRUE(index->add(numbered(rows.rows()), rows.view(), Context{}));
  EXPECT_TRUE(index->save(path, {}, Context{}));
  return map_scan_index(path).value();
}

TEST(Recall, AskedIsGivenOnEverySetForQueriesNotSeenBefore) {
  const TemporaryFolder folder;
  for (const Set& set : sets()) {
    const Vectors rows = drawn(set, set.rows, 1);
    const Vectors queries = drawn(set, 500, 2);
    const auto index = saved(set, rows, folder.path() / "v.seg");
    const auto flat = make_flat_index({set.dim, set.metric, DType::f32}).value();
    ASSERT_TRUE(flat->add(numbered(set.rows), rows.view(), Context{}));
    const Hits truth = search(*flat, queries, 1);
    std::string given;
    for (const double asked : {0.9, 0.95, 0.99, 0.999}) {
      const double recall = recall_of(search(*index, queries, asked), truth);
      EXPECT_GE(recall, asked - 0.005) << set.name;
      given += " " + std::to_string(recall);
    }
    RecordProperty(set.name, given);
    std::printf("  %-16s%s\n", set.name, given.c_str());
  }
}

enum class Kept { any, near, far };

// A share of the rows: any of them, those most like the query, those least like it. order: all rows, best first.
IdSet filter_of(Kept kept, double share, std::span<const IndexHit> order, Random& random) {
  std::vector<std::int64_t> ids;
  const auto count = static_cast<std::size_t>(share * static_cast<double>(order.size()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool in = kept == Kept::any    ? random.uniform() < share
                    : kept == Kept::near ? i < count
                                         : i + count >= order.size();
    if (in) ids.push_back(order[i].id);
  }
  return IdSet(ids);
}

// Asked is what collections ask for, 0.99; a filter changes nothing about it, wherever its rows lie.
TEST(Recall, IsGivenUnderFiltersNearTheQueryAndFarFromIt) {
  const TemporaryFolder folder;
  for (const std::size_t number : {0U, 1U, 3U, 4U}) {
    const Set set = sets()[number];
    const Vectors rows = drawn(set, set.rows, 1);
    const Vectors queries = drawn(set, 40, 2);
    const auto index = saved(set, rows, folder.path() / "v.seg");
    const auto flat = make_flat_index({set.dim, set.metric, DType::f32}).value();
    ASSERT_TRUE(flat->add(numbered(set.rows), rows.view(), Context{}));
    IndexQuery all;
    all.k = set.rows;
    const Hits order = flat->search(queries.view(), all, Context{}).value();
    Random random(4);
    for (const double share : {0.5, 0.1, 0.01, 0.0001}) {
      for (const Kept kept : {Kept::any, Kept::near, Kept::far}) {
        double recall = 0;
        for (std::size_t q = 0; q < 40; ++q) {
          const IdSet filter = filter_of(kept, share, order[q], random);
          IndexQuery query;
          query.filter = &filter;
          query.recall = 0.99;
          VectorsView one = queries.view();
          one.data += q * one.stride;
          one.rows = 1;
          const Hits found = index->search(one, query, Context{}).value();
          ASSERT_EQ(found[0].size(), std::min<std::size_t>(query.k, filter.size()));
          recall += filter.size() == 0 ? 1 : recall_of(found, flat->search(one, query, Context{}).value());
        }
        std::printf("  %-16s %g %d %.4f\n", set.name, share, static_cast<int>(kept), recall / 40);
        EXPECT_GE(recall / 40, 0.985) << set.name << ' ' << share << ' ' << static_cast<int>(kept);
      }
    }
  }
}

// Lists included, and with the queries of a batch in any order.
TEST(Recall, ThreadsBatchesAndOrderDoNotChangeABit) {
  const TemporaryFolder folder;
  const Set set = sets()[1];
  const auto index = saved(set, drawn(set, set.rows, 1), folder.path() / "v.seg");
  const Vectors queries = drawn(set, 64, 2);
  const Hits together = search(*index, queries, 0.95);
  std::vector<std::size_t> order(64);
  std::iota(order.begin(), order.end(), 0);
  Random random(3);
  for (const std::size_t threads : {1U, 2U, 4U}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    EXPECT_EQ(search(*index, queries, 0.95, context), together);
    random.shuffle(std::span(order));
    Vectors shuffled = Vectors::dense(64, set.dim);
    for (std::size_t i = 0; i < 64; ++i) std::ranges::copy(queries.row_f32(order[i]), shuffled.row_f32(i).begin());
    const Hits hits = search(*index, shuffled, 0.95, context);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(hits[i], together[order[i]]);
  }
}

}  // namespace
}  // namespace isogloss
