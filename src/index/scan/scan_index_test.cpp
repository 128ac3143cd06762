// SPDX-License-Identifier: Apache-2.0
// What the scan index does beyond src/index/vector_index_test.cpp: recall, masks, removed rows, damaged files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "index/scan/coder.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

using Hits = std::vector<std::vector<IndexHit>>;

enum class Shape { random, clustered, anisotropic, one_cluster, duplicated };

// Rows 0 .. n - 1; queries are drawn the same way with another stream.
Vectors vectors_of(Shape shape, std::size_t n, std::size_t dim, std::uint64_t stream) {
  Random same(11);
  Vectors centres = Vectors::dense(50, dim);
  for (std::size_t c = 0; c < 50; ++c) {
    for (float& x : centres.row_f32(c)) x = static_cast<float>(same.normal());
  }
  Random random(12, stream);
  Vectors out = Vectors::dense(n, dim);
  for (std::size_t i = 0; i < n; ++i) {
    const std::span<float> row = out.row_f32(i);
    const auto centre =
        centres.row_f32(shape == Shape::one_cluster || shape == Shape::anisotropic ? 0 : random.bounded(50));
    const float noise = shape == Shape::one_cluster ? 0.05F : shape == Shape::anisotropic ? 0.4F : 0.8F;
    for (std::size_t d = 0; d < dim; ++d) {
      const float base = shape == Shape::random ? 0.0F : centre[d];
      row[d] = base + noise * static_cast<float>(random.normal());
    }
    if (shape == Shape::duplicated && i >= 200) std::ranges::copy(out.row_f32(i % 200), row.begin());
  }
  return out;
}

std::vector<std::int64_t> numbered(std::size_t n) {
  std::vector<std::int64_t> ids(n);
  std::iota(ids.begin(), ids.end(), 1);
  return ids;
}

std::unique_ptr<VectorIndex> filled(Result<std::unique_ptr<VectorIndex>> empty, const Vectors& rows) {
  auto index = std::move(empty).value();
  EXPECT_TRUE(index->add(numbered(rows.rows()), rows.view(), Context{}));
  return index;
}

Hits search(const VectorIndex& index, const Vectors& queries, const IndexQuery& query, const Context& context = {},
            IndexCost* cost = nullptr) {
  return index.search(queries.view(), query, context, cost).value();
}

IndexQuery asking(std::size_t k, double recall, const IdSet* filter = nullptr) {
  IndexQuery query{k, filter};
  query.recall = recall;
  return query;
}

// Share of the true hits that were found, equal scores counting as equal.
double recall_of(const Hits& found, const Hits& truth) {
  double right = 0;
  double all = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    EXPECT_EQ(found[q].size(), truth[q].size());
    if (truth[q].empty()) continue;
    const float worst = truth[q].back().score;
    right += static_cast<double>(std::ranges::count_if(found[q], [&](const IndexHit& h) { return h.score >= worst; }));
    all += static_cast<double>(truth[q].size());
  }
  return all > 0 ? right / all : 1.0;
}

// A row along the first axis of two dimensions has y of one length on both sides of the rotation, so the query that is
// the row itself has inner product |y|^2 by bytes and, by signs, f times the sum of |y_j| = |y|^2 exactly.
TEST(Coder, EstimatesARowAgainstItselfByHand) {
  const index::Coder coder(2, Metric::dot, {});
  index::CodeBuffer codes(coder.width());
  codes.resize(64, 64);
  const float row[] = {3, 4};
  coder.encode(row, {}, 7, 7, codes);
  EXPECT_EQ(codes.adds[7], 0.0F);
  const index::CodedQuery query = coder.query(row);
  const index::CodedRows rows = codes.view();
  const std::vector<std::uint64_t> live = {1ULL << 7};
  float keys[80];
  std::uint32_t found[80];
  const index::CodeBlocks blocks{rows.codes.data(), rows.factors.data(), rows.adds.data(), live.data(), 1, 3};
  ASSERT_EQ(index::code_kernels().scan(blocks, query.code, -1e9F, keys, found), 1U);
  EXPECT_EQ(found[0], 7U);
  EXPECT_NEAR(keys[0], 25.0F, 0.6F);  // the query's numbers are rounded to about a sixtieth of a group
  std::int32_t dot = 0;
  for (std::size_t d = 0; d < coder.width(); ++d) dot += rows.bytes[7 * coder.width() + d] * query.bytes[d];
  EXPECT_NEAR(static_cast<float>(dot) * rows.steps[7] * query.byte_step, 25.0F, 0.1F);
}

TEST(Coder, EstimatesOfManyRowsHaveNoBias) {
  for (const std::size_t dim : {2U, 100U, 384U}) {
    const Vectors rows = vectors_of(Shape::random, 2000, dim, 1);
    const Vectors queries = vectors_of(Shape::random, 20, dim, 2);
    const index::Coder coder(dim, Metric::dot, {});
    index::CodeBuffer codes(coder.width());
    codes.resize(2048, 2048);
    for (std::size_t i = 0; i < 2000; ++i) coder.encode(rows.row_f32(i), {}, i, i, codes);
    const index::CodedRows view = codes.view();
    const std::vector<std::uint64_t> live(32, ~0ULL);
    const index::CodeBlocks blocks{view.codes.data(), view.factors.data(), view.adds.data(), live.data(), 32,
                                   coder.width() / 24};
    double bias = 0;
    double spread = 0;
    for (std::size_t q = 0; q < 20; ++q) {
      const index::CodedQuery query = coder.query(queries.row_f32(q));
      std::vector<float> keys(2048 + 16);
      std::vector<std::uint32_t> found(2048 + 16);
      index::code_kernels().scan(blocks, query.code, -INFINITY, keys.data(), found.data());
      for (std::size_t i = 0; i < 2000; ++i) {
        double truth = 0;
        double size = 0;
        for (std::size_t d = 0; d < dim; ++d) {
          truth += static_cast<double>(rows.row_f32(i)[d]) * queries.row_f32(q)[d];
          size += static_cast<double>(rows.row_f32(i)[d]) * rows.row_f32(i)[d];
        }
        const double error = (keys[i] - truth) / (std::sqrt(size) * static_cast<double>(query.length));
        bias += error / 40000;
        spread += error * error / 40000;
      }
    }
    EXPECT_LT(std::abs(bias), 0.004) << dim;
    EXPECT_LT(std::sqrt(spread), 1.1 / std::sqrt(static_cast<double>(coder.width()))) << dim;
  }
}

TEST(ScanIndex, FindsAtLeastTheShareAskedFor) {
  for (const Shape shape : {Shape::random, Shape::clustered, Shape::anisotropic, Shape::one_cluster}) {
    for (const std::size_t dim : {2U, 20U, 100U, 384U}) {
      const Vectors rows = vectors_of(shape, 6000, dim, 1);
      const Vectors queries = vectors_of(shape, 40, dim, 2);
      for (const Metric metric : {Metric::cosine, Metric::dot, Metric::euclidean}) {
        const auto index = filled(make_scan_index({dim, metric, DType::f32}), rows);
        const Hits truth = search(*filled(make_flat_index({dim, metric, DType::f32}), rows), queries, {10});
        for (const double recall : {0.9, 0.99}) {
          EXPECT_GE(recall_of(search(*index, queries, asking(10, recall)), truth), recall - 0.01)
              << static_cast<int>(shape) << ' ' << dim << ' ' << static_cast<int>(metric);
        }
        EXPECT_EQ(search(*index, queries, asking(10, 1)), truth);
      }
    }
  }
}

TEST(ScanIndex, EqualRowsComeInOrderOfIdsAtAnyRecall) {
  const Vectors rows = vectors_of(Shape::duplicated, 5000, 32, 1);
  const Vectors queries = vectors_of(Shape::duplicated, 5, 32, 1);  // rows themselves
  const auto index = filled(make_scan_index({32, Metric::cosine, DType::f32}), rows);
  const Hits truth = search(*filled(make_flat_index({32, Metric::cosine, DType::f32}), rows), queries, {10});
  EXPECT_EQ(search(*index, queries, asking(10, 0.9)), truth);
}

TEST(ScanIndex, AllRowsEqualOrZeroAreFoundByIds) {
  for (const float value : {0.0F, 1.0F}) {
    Vectors rows = Vectors::dense(3000, 30);
    for (std::size_t i = 0; i < 3000; ++i) std::ranges::fill(rows.row_f32(i), value);
    for (const Metric metric : {Metric::cosine, Metric::dot, Metric::euclidean}) {
      const auto index = filled(make_scan_index({30, metric, DType::f32}), rows);
      for (const auto& hits : search(*index, vectors_of(Shape::random, 3, 30, 3), {20})) {
        ASSERT_EQ(hits.size(), 20U);
        for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(hits[i].id, static_cast<std::int64_t>(i + 1));
      }
    }
  }
}

TEST(ScanIndex, EveryFilterGivesAllItCanAndAlmostOnlyTheBest) {
  const Vectors rows = vectors_of(Shape::clustered, 20000, 64, 1);
  const Vectors queries = vectors_of(Shape::clustered, 20, 64, 2);
  const auto flat = filled(make_flat_index({64, Metric::cosine, DType::f32}), rows);
  const auto index = filled(make_scan_index({64, Metric::cosine, DType::f32}), rows);
  Random random(5);
  std::set<std::string> plans;
  for (const double share : {0.9, 0.5, 0.1, 0.03, 0.01, 0.001, 0.0002, 0.0}) {
    IdSet filter;
    for (const std::int64_t id : numbered(20000)) {
      if (random.uniform() < share) filter.insert(id);
    }
    for (const std::size_t k : {1U, 10U, 300U}) {
      IndexCost cost;
      const Hits truth = search(*flat, queries, {k, &filter});
      const Hits found = search(*index, queries, {k, &filter}, Context{}, &cost);
      EXPECT_GE(recall_of(found, truth), 0.985) << share << ' ' << k;
      EXPECT_EQ(cost.matches, filter.size());
      plans.insert(cost.plan);
      for (const auto& hits : found) {
        for (const IndexHit& hit : hits) EXPECT_TRUE(filter.contains(hit.id));
      }
    }
  }
  EXPECT_EQ(plans, (std::set<std::string>{"scan, masked", "bytes, picked rows", "flat, picked rows"}));
}

TEST(ScanIndex, BatchesThreadsAndOrderDoNotChangeABit) {
  const Vectors rows = vectors_of(Shape::clustered, 9000, 48, 1);
  const Vectors queries = vectors_of(Shape::clustered, 30, 48, 2);
  const auto index = filled(make_scan_index({48, Metric::dot, DType::bf16}), rows);
  const Hits together = search(*index, queries, asking(10, 0.9));
  for (const std::size_t threads : {2U, 4U}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    EXPECT_EQ(search(*index, queries, asking(10, 0.9), context), together);
    auto parallel = make_scan_index({48, Metric::dot, DType::bf16}).value();
    ASSERT_TRUE(parallel->add(numbered(9000), rows.view(), context));
    EXPECT_EQ(search(*parallel, queries, asking(10, 0.9)), together);
  }
  for (std::size_t q = 30; q-- > 0;) {
    Vectors one = Vectors::dense(1, 48);
    std::ranges::copy(queries.row_f32(q), one.row_f32(0).begin());
    EXPECT_EQ(search(*index, one, asking(10, 0.9))[0], together[q]);
  }
}

TEST(ScanIndex, RemovedAndAddedRowsAreSeenAtOnce) {
  const Vectors rows = vectors_of(Shape::clustered, 8000, 40, 1);
  const auto index = make_scan_index({40, Metric::euclidean, DType::f32}).value();
  const auto flat = make_flat_index({40, Metric::euclidean, DType::f32}).value();
  const Vectors queries = vectors_of(Shape::clustered, 10, 40, 2);
  Random random(6);
  const TemporaryFolder folder;
  std::unique_ptr<VectorIndex> mapped;
  VectorIndex* now = index.get();
  std::size_t next = 0;
  for (int round = 0; round < 30; ++round) {
    const std::size_t some = std::min<std::size_t>(random.bounded(600), 8000 - next);
    std::vector<std::int64_t> ids(some);
    std::iota(ids.begin(), ids.end(), static_cast<std::int64_t>(next));
    VectorsView part = rows.view();
    part.data += next * part.stride;
    part.rows = some;
    ASSERT_TRUE(now->add(ids, part, Context{}));
    ASSERT_TRUE(flat->add(ids, part, Context{}));
    next += some;
    std::vector<std::int64_t> gone;
    for (std::size_t i = 0; i < 150 && next > 0; ++i) gone.push_back(static_cast<std::int64_t>(random.bounded(next)));
    EXPECT_EQ(now->remove(gone), flat->remove(gone));
    EXPECT_EQ(now->size(), flat->size());
    EXPECT_EQ(search(*now, queries, asking(10, 1)), search(*flat, queries, {10})) << round;
    EXPECT_GE(recall_of(search(*now, queries, asking(10, 0.99)), search(*flat, queries, {10})), 0.97) << round;
    if (round % 10 != 9) continue;
    const auto path = folder.path() / (std::to_string(round) + ".seg");
    ASSERT_TRUE(now->save(path, {"space", static_cast<std::uint64_t>(round)}, Context{}));
    mapped = map_scan_index(path).value();
    EXPECT_TRUE(mapped->verify());
    now = mapped.get();
  }
}

TEST(ScanIndex, CountsWhatEachStageRead) {
  const Vectors rows = vectors_of(Shape::clustered, 10000, 128, 1);
  const auto index = filled(make_scan_index({128, Metric::cosine, DType::f32}), rows);
  IndexCost cost;
  search(*index, vectors_of(Shape::clustered, 4, 128, 2), asking(10, 0.95), Context{}, &cost);
  EXPECT_EQ(cost.plan, "scan");
  EXPECT_GE(cost.codes, 40000U);
  EXPECT_LT(cost.bytes, 8000U);
  EXPECT_LT(cost.scored, 200U);
  EXPECT_GE(cost.scored, 40U);
}

std::unique_ptr<VectorIndex> saved(const VectorIndex& index, const std::filesystem::path& path,
                                   const Context& context = {}) {
  EXPECT_TRUE(index.save(path, {"space", 1}, context));
  return map_scan_index(path).value();
}

constexpr std::size_t kListed = 33000;  // rows, enough for lists

TEST(ScanIndex, ListsReachTheRecallAskedForWithoutReadingAllOfThem) {
  const TemporaryFolder folder;
  const std::pair<Shape, Metric> sets[] = {
      {Shape::random, Metric::cosine}, {Shape::clustered, Metric::dot}, {Shape::anisotropic, Metric::euclidean}};
  for (const auto& [shape, metric] : sets) {
    const Vectors rows = vectors_of(shape, kListed, 24, 1);
    const Vectors queries = vectors_of(shape, 200, 24, 2);
    const Hits truth = search(*filled(make_flat_index({24, metric, DType::f32}), rows), queries, {10});
    const auto index = saved(*filled(make_scan_index({24, metric, DType::f32}), rows), folder.path() / "lists.seg");
    for (const double recall : {0.9, 0.95, 0.99}) {
      IndexCost cost;
      EXPECT_GE(recall_of(search(*index, queries, asking(10, recall), Context{}, &cost), truth), recall - 0.01)
          << static_cast<int>(shape);
      EXPECT_GT(cost.lists, 0U);
      EXPECT_LT(cost.codes, recall == 0.9 ? 200 * kListed * 3 / 4 : 200 * kListed * 5 / 4);
    }
    EXPECT_EQ(search(*index, queries, asking(10, 1)), truth);
  }
}

TEST(ScanIndex, ListsObeyFiltersAndRemovedRowsToTheLastRow) {
  const TemporaryFolder folder;
  const Vectors rows = vectors_of(Shape::clustered, kListed, 32, 1);
  const Vectors queries = vectors_of(Shape::clustered, 20, 32, 2);
  const auto flat = filled(make_flat_index({32, Metric::cosine, DType::f32}), rows);
  const auto index = saved(*filled(make_scan_index({32, Metric::cosine, DType::f32}), rows), folder.path() / "v.seg");
  Random random(4);
  std::vector<std::int64_t> gone;
  for (std::size_t i = 0; i < 9000; ++i) gone.push_back(static_cast<std::int64_t>(random.bounded(kListed)));
  for (const Hits& hits : {search(*flat, queries, {3})}) {
    for (const auto& list : hits) gone.push_back(list[0].id);  // the best ones too
  }
  EXPECT_EQ(index->remove(gone), flat->remove(gone));
  EXPECT_GE(recall_of(search(*index, queries, asking(10, 0.99)), search(*flat, queries, {10})), 0.98);
  for (const double share : {0.7, 0.2, 0.04, 0.004, 0.0005}) {
    IdSet filter;
    for (const std::int64_t id : numbered(kListed)) {
      if (random.uniform() < share) filter.insert(id);
    }
    for (const std::size_t k : {1U, 10U, 200U}) {
      const Hits truth = search(*flat, queries, {k, &filter});
      EXPECT_GE(recall_of(search(*index, queries, asking(k, 0.99, &filter)), truth), 0.98) << share << ' ' << k;
      EXPECT_EQ(search(*index, queries, asking(k, 1, &filter)), truth);
    }
  }
}

TEST(ScanIndex, AFileWithListsHasTheSameBytesAtAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const Vectors rows = vectors_of(Shape::clustered, kListed, 16, 1);
  const auto index = filled(make_scan_index({16, Metric::euclidean, DType::bf16}), rows);
  ASSERT_TRUE(index->save(folder.path() / "one", {}, Context{}));
  for (const std::size_t threads : {2U, 4U}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    context.seed = threads;
    ASSERT_TRUE(index->save(folder.path() / "more", {}, context));
    EXPECT_TRUE(read_file(folder.path() / "more").value() == read_file(folder.path() / "one").value());
  }
}

TEST(ScanIndex, OneListForAllWhenAllRowsAreEqual) {
  const TemporaryFolder folder;
  Vectors rows = Vectors::dense(kListed, 8);
  for (std::size_t i = 0; i < kListed; ++i) std::ranges::fill(rows.row_f32(i), 1.0F);
  const auto index = saved(*filled(make_scan_index({8, Metric::dot, DType::f32}), rows), folder.path() / "v.seg");
  for (const auto& hits : search(*index, vectors_of(Shape::random, 3, 8, 3), {20})) {
    ASSERT_EQ(hits.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(hits[i].id, static_cast<std::int64_t>(i + 1));
  }
}

TEST(ScanIndex, DamagedListsAreReadWithoutHarm) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "v.seg";
  const auto index = filled(make_scan_index({8, Metric::dot, DType::bf16}), vectors_of(Shape::random, kListed, 8, 1));
  ASSERT_TRUE(index->save(path, {}, Context{}));
  const std::string whole = read_file(path).value();
  const Vectors queries = vectors_of(Shape::random, 2, 8, 2);
  Random random(8);
  for (int round = 0; round < 40; ++round) {
    std::string changed = whole;
    for (int i = 0; i < 2000; ++i) changed[random.bounded(changed.size() - 2000)] = static_cast<char>(random.next());
    std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
    const auto opened = map_scan_index(path);
    if (!opened) continue;
    EXPECT_EQ((*opened)->verify().error().code, Code::corrupt_data);
    const IdSet filter(numbered(20000));
    for (const IdSet* some : {static_cast<const IdSet*>(nullptr), &filter}) {
      (void)(*opened)->search(queries.view(), asking(10, 0.9, some), Context{});
      (void)(*opened)->search(queries.view(), asking(10, 1, some), Context{});
    }
    (void)(*opened)->remove(numbered(500));
  }
}

TEST(ScanIndex, RefusesARecallOutOfRange) {
  const auto index = filled(make_scan_index({4, Metric::cosine, DType::f32}), vectors_of(Shape::random, 5, 4, 1));
  const Vectors query = vectors_of(Shape::random, 1, 4, 2);
  for (const double recall : {0.0, -1.0, 1.5, std::nan("")}) {
    EXPECT_EQ(index->search(query.view(), asking(3, recall), Context{}).error().code, Code::invalid_argument);
  }
}

TEST(ScanIndex, DamagedCodesAreFoundByVerifyAndReadWithoutHarm) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "v.seg";
  const auto index = filled(make_scan_index({20, Metric::dot, DType::f32}), vectors_of(Shape::random, 2000, 20, 1));
  ASSERT_TRUE(index->save(path, {}, Context{}));
  const std::string whole = read_file(path).value();
  const Vectors queries = vectors_of(Shape::random, 2, 20, 2);
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    std::string changed = whole;
    for (int i = 0; i < 50; ++i) changed[random.bounded(changed.size() - 2000)] = static_cast<char>(random.next());
    std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
    const auto opened = map_scan_index(path);
    if (!opened) continue;
    EXPECT_EQ((*opened)->verify().error().code, Code::corrupt_data);
    (void)(*opened)->search(queries.view(), asking(10, 0.9), Context{});
    (void)(*opened)->search(queries.view(), asking(10, 1), Context{});
  }
}

}  // namespace
}  // namespace isogloss
