// SPDX-License-Identifier: Apache-2.0
// What every kind of vector index promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "isogloss/index.hpp"
#include "simd/kernels.hpp"

namespace isogloss {
namespace {

using Hits = std::vector<std::vector<IndexHit>>;

Vectors random_vectors(std::size_t rows, std::size_t dim, std::uint64_t seed) {
  Random random(seed);
  Vectors out = Vectors::dense(rows, dim);
  for (std::size_t i = 0; i < rows; ++i) {
    for (float& x : out.row_f32(i)) x = static_cast<float>(random.normal());
    if (i % 7 == 6) std::ranges::copy(out.row_f32(i - 3), out.row_f32(i).begin());  // equal rows: ties
  }
  return out;
}

std::vector<std::int64_t> numbered(std::size_t n, std::int64_t first = 0, std::int64_t step = 1) {
  std::vector<std::int64_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = first + static_cast<std::int64_t>(i) * step;
  return ids;
}

struct Kind {
  const char* name;
  Result<std::unique_ptr<VectorIndex>> (*make)(const VectorIndexOptions& options);
  Result<std::unique_ptr<VectorIndex>> (*map)(const std::filesystem::path& path);
};

class AnyVectorIndex : public testing::TestWithParam<Kind> {
 protected:
  static std::unique_ptr<VectorIndex> index_of(const Vectors& rows, std::span<const std::int64_t> ids, Metric metric,
                                               DType dtype = DType::f32) {
    auto index = GetParam().make({rows.dim(), metric, dtype}).value();
    EXPECT_TRUE(index->add(ids, rows.view(), Context{}));
    return index;
  }
};

// Every row that may be returned, scored one by one from what the index keeps, sorted.
Hits brute_force(const VectorIndex& index, std::span<const std::int64_t> ids, const Vectors& queries, std::size_t k,
                 const IdSet* filter) {
  Hits out;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    std::vector<float> query(queries.row_f32(q).begin(), queries.row_f32(q).end());
    const simd::Kernels& kernel = simd::kernels();
    const float length = std::sqrt(kernel.sum_of_squares(query.data(), query.size()));
    if (index.options().metric == Metric::cosine) kernel.scale(1.0F / length, query.data(), query.size());
    std::vector<IndexHit> hits;
    for (const std::int64_t id : ids) {
      if (!index.contains(id) || (filter != nullptr && !filter->contains(id))) continue;
      const std::vector<float> row = index.row(id).value();
      const bool distance = index.options().metric == Metric::euclidean;
      hits.push_back({id, distance ? -kernel.squared_distance(query.data(), row.data(), row.size())
                                   : kernel.dot(query.data(), row.data(), row.size())});
    }
    std::ranges::sort(hits, [](const IndexHit& a, const IndexHit& b) {
      return a.score > b.score || (a.score == b.score && a.id < b.id);
    });
    hits.resize(std::min(k, hits.size()));
    out.push_back(std::move(hits));
  }
  return out;
}

Hits search(const VectorIndex& index, const Vectors& queries, std::size_t k, const IdSet* filter = nullptr,
            const Context& context = {}) {
  IndexQuery query{k, filter};
  query.exact = true;
  return index.search(queries.view(), query, context).value();
}

// A filter that keeps about this share of the ids.
IdSet some_of(std::span<const std::int64_t> ids, double share, std::uint64_t seed) {
  Random random(seed);
  IdSet out;
  for (const std::int64_t id : ids) {
    if (random.uniform() < share) out.insert(id);
  }
  return out;
}

TEST_P(AnyVectorIndex, TakesBytesAndBitsAsTheNumbersTheyAre) {
  const Vectors rows = random_vectors(1500, 40, 7);
  const Vectors queries = random_vectors(5, 40, 8);
  for (const DType narrow : {DType::i8, DType::u8, DType::bit}) {
    Vectors small = quantize(rows.view(), narrow).value();
    small.scale.clear();  // the numbers themselves
    const auto index = index_of(to_f32(small), numbered(1500), Metric::dot);
    const auto from_narrow = GetParam().make({40, Metric::dot, DType::bf16}).value();
    ASSERT_TRUE(from_narrow->add(numbered(1500), small.view(), Context{}));
    EXPECT_EQ(search(*from_narrow, queries, 10), search(*index, queries, 10));
  }
}

// Rows of 64 columns of which the index takes 24: the same as rows of 24.
TEST_P(AnyVectorIndex, TakesTheFirstColumnsOfLongerRows) {
  const Vectors longer = random_vectors(1500, 64, 9);
  Vectors cut = Vectors::dense(1500, 24);
  for (std::size_t i = 0; i < 1500; ++i) std::ranges::copy(longer.row_f32(i).first(24), cut.row_f32(i).begin());
  VectorsView prefix = longer.view();
  prefix.dim = 24;
  const auto index = GetParam().make({24, Metric::cosine, DType::f32}).value();
  ASSERT_TRUE(index->add(numbered(1500), prefix, Context{}));
  const Vectors queries = random_vectors(5, 24, 10);
  EXPECT_EQ(search(*index, queries, 10), search(*index_of(cut, numbered(1500), Metric::cosine), queries, 10));
}

TEST_P(AnyVectorIndex, FindsAllRowsWithinARange) {
  const Vectors rows = random_vectors(3000, 24, 5);
  const auto index = index_of(rows, numbered(3000), Metric::euclidean);
  const Vectors queries = random_vectors(6, 24, 6);
  const Hits all = search(*index, queries, 3000);
  for (const std::size_t within : {1U, 37U, 2000U}) {
    IndexQuery query{index->size()};
    query.at_least = all[0][within - 1].score;
    const Hits found = index->search(queries.view(), query, Context{}).value();
    for (std::size_t q = 0; q < 6; ++q) {
      const auto end = std::ranges::find_if(all[q], [&](const IndexHit& hit) { return hit.score < query.at_least; });
      EXPECT_EQ(found[q], std::vector<IndexHit>(all[q].begin(), end)) << within;
    }
    query.k = 10;
    EXPECT_EQ(index->search(queries.view(), query, Context{}).value()[0].size(), std::min<std::size_t>(10, within));
  }
}

TEST_P(AnyVectorIndex, FindsTheNearestOfThreeByHand) {
  Vectors rows = Vectors::dense(3, 2);
  rows.row_f32(0)[0] = 1, rows.row_f32(1)[1] = 2, rows.row_f32(2)[0] = 3, rows.row_f32(2)[1] = 4;
  const auto index = index_of(rows, numbered(3, 10), Metric::cosine);
  Vectors query = Vectors::dense(1, 2);
  query.row_f32(0)[0] = 5;
  const Hits hits = search(*index, query, 2);
  EXPECT_EQ(hits[0], (std::vector<IndexHit>{{10, 1.0F}, {12, 0.6F}}));
  const auto distances = index_of(rows, numbered(3, 10), Metric::euclidean);
  EXPECT_EQ(search(*distances, query, 1)[0], (std::vector<IndexHit>{{10, -16.0F}}));  // (1, 0) is 4 from (5, 0)
}

TEST_P(AnyVectorIndex, EqualsBruteForceForEveryMetricTypeAndFilter) {
  const Vectors rows = random_vectors(3000, 37, 1);
  const Vectors queries = random_vectors(9, 37, 2);
  const std::vector<std::int64_t> ids = numbered(3000, 100, 3);
  for (const Metric metric : {Metric::cosine, Metric::dot, Metric::euclidean}) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      const auto index = index_of(rows, ids, metric, dtype);
      EXPECT_EQ(search(*index, queries, 10), brute_force(*index, ids, queries, 10, nullptr));
      for (const double share : {0.5, 0.1, 0.01, 0.001, 0.0}) {
        const IdSet filter = some_of(ids, share, 3);
        const Hits found = search(*index, queries, 10, &filter);
        EXPECT_EQ(found, brute_force(*index, ids, queries, 10, &filter));
        EXPECT_EQ(found[0].size(), std::min<std::size_t>(10, filter.size()));
      }
    }
  }
}

TEST_P(AnyVectorIndex, BatchesAndThreadsDoNotChangeABit) {
  const Vectors rows = random_vectors(20000, 24, 4);
  const Vectors queries = random_vectors(70, 24, 5);
  const std::vector<std::int64_t> ids = numbered(20000);
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  for (const Metric metric : {Metric::cosine, Metric::dot, Metric::euclidean}) {
    const auto index = index_of(rows, ids, metric);
    const Hits together = search(*index, queries, 10);
    EXPECT_EQ(together, search(*index, queries, 10, nullptr, context));
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      Vectors one = Vectors::dense(1, 24);
      std::ranges::copy(queries.row_f32(q), one.row_f32(0).begin());
      EXPECT_EQ(search(*index, one, 10)[0], together[q]);
    }
  }
}

TEST_P(AnyVectorIndex, ManyEqualRowsComeInOrderOfIds) {
  Vectors rows = Vectors::dense(5000, 8);
  for (std::size_t i = 0; i < 5000; ++i) rows.row_f32(i)[i % 2] = 1;
  const auto index = index_of(rows, numbered(5000), Metric::dot);
  Vectors queries = Vectors::dense(6, 8);
  for (std::size_t q = 0; q < 6; ++q) queries.row_f32(q)[1] = 1;
  for (const auto& hits : search(*index, queries, 100)) {
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(hits[i].id, static_cast<std::int64_t>(2 * i + 1));
  }
}

TEST_P(AnyVectorIndex, GivesAllRowsWhenKIsLarger) {
  const Vectors rows = random_vectors(50, 5, 6);
  const auto index = index_of(rows, numbered(50), Metric::dot);
  EXPECT_EQ(search(*index, random_vectors(20, 5, 7), 1000)[3].size(), 50U);
  EXPECT_TRUE(search(*index, random_vectors(2, 5, 7), 0)[1].empty());
  const auto empty = GetParam().make({5}).value();
  EXPECT_TRUE(search(*empty, random_vectors(2, 5, 7), 3)[1].empty());
}

TEST_P(AnyVectorIndex, SavedRemovedAndAddedRowsSearchLikeAFreshIndex) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "vec-space-9.seg";
  const Vectors rows = random_vectors(2000, 150, 8);
  const Vectors queries = random_vectors(8, 150, 9);
  const std::vector<std::int64_t> ids = numbered(2000, -50, 2);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const auto fresh = index_of(rows, ids, Metric::cosine, dtype);
    ASSERT_TRUE(fresh->save(path, {"space", 9}, Context{}));
    const auto mapped = GetParam().map(path).value();
    EXPECT_TRUE(mapped->verify());
    EXPECT_EQ(mapped->stamp().last_seq, 9U);
    EXPECT_EQ(mapped->size(), 2000U);
    EXPECT_EQ(search(*mapped, queries, 12), search(*fresh, queries, 12));
    const std::vector<std::int64_t> gone = numbered(300, -50, 10);
    EXPECT_EQ(mapped->remove(gone), 300U);
    EXPECT_EQ(mapped->remove(gone), 0U);
    const Vectors more = random_vectors(40, 150, 10);
    const std::vector<std::int64_t> odd = numbered(40, 601, -2);  // between the others, descending
    ASSERT_TRUE(mapped->add(odd, more.view(), Context{}));
    std::vector<std::int64_t> all = ids;
    all.insert(all.end(), odd.begin(), odd.end());
    const IdSet filter = some_of(all, 0.3, 11);
    for (const IdSet* f : {static_cast<const IdSet*>(nullptr), &filter}) {
      EXPECT_EQ(search(*mapped, queries, 12, f), brute_force(*mapped, all, queries, 12, f));
    }
    EXPECT_EQ(mapped->remove(std::vector<std::int64_t>{601, 599, 5000}), 2U);
    ASSERT_TRUE(mapped->save(folder.path() / "again.seg", {"space", 10}, Context{}));
    const auto again = GetParam().map(folder.path() / "again.seg").value();
    EXPECT_EQ(again->size(), 2000U - 300 + 38);
    EXPECT_EQ(search(*again, queries, 12), search(*mapped, queries, 12));
  }
}

TEST_P(AnyVectorIndex, TakesNarrowRowsAndZeroRows) {
  Vectors rows = Vectors::dense(2, 4, DType::f16);
  const float values[] = {0, 0, 0, 0, 3, 4, 0, 0};
  simd::kernels().f32_to_f16(values, static_cast<std::uint16_t*>(static_cast<void*>(rows.data())), 8);
  const auto index = index_of(rows, numbered(2), Metric::cosine);
  Vectors query = Vectors::dense(1, 4);
  query.row_f32(0)[1] = 2;
  EXPECT_EQ(search(*index, query, 2)[0], (std::vector<IndexHit>{{1, 0.8F}, {0, 0.0F}}));
}

TEST_P(AnyVectorIndex, RefusesWhatDoesNotFit) {
  EXPECT_EQ(GetParam().make({0}).error().code, Code::invalid_argument);
  EXPECT_EQ(GetParam().make({8, Metric::dot, DType::i8}).error().code, Code::invalid_argument);
  const auto index = index_of(random_vectors(4, 6, 12), numbered(4), Metric::dot);
  Vectors more = random_vectors(2, 6, 13);
  EXPECT_EQ(index->add(std::vector<std::int64_t>{9, 3}, more.view(), Context{}).error().code, Code::already_exists);
  EXPECT_EQ(index->add(std::vector<std::int64_t>{9, 9}, more.view(), Context{}).error().code, Code::already_exists);
  EXPECT_EQ(index->add(numbered(1, 20), more.view(), Context{}).error().code, Code::invalid_argument);
  EXPECT_EQ(index->search(random_vectors(1, 7, 14).view(), {}, Context{}).error().code, Code::invalid_argument);
  more.row_f32(1)[2] = NAN;
  EXPECT_EQ(index->add(numbered(2, 20), more.view(), Context{}).error().item, 1);
  EXPECT_EQ(index->search(more.view(), {}, Context{}).error().code, Code::invalid_argument);
  EXPECT_EQ(index->size(), 4U);
  EXPECT_EQ(index->row(77).error().code, Code::not_found);
}

TEST_P(AnyVectorIndex, DamagedFilesAreRefusedByName) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "v.seg";
  const auto index = index_of(random_vectors(500, 20, 15), numbered(500), Metric::dot);
  ASSERT_TRUE(index->save(path, {}, Context{}));
  const std::string whole = read_file(path).value();
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    const auto opened = GetParam().map(path);
    ASSERT_FALSE(opened) << size;
    EXPECT_NE(opened.error().message.find("v.seg"), std::string::npos);
  }
  std::string changed = whole;
  changed[whole.size() / 3] = static_cast<char>(changed[whole.size() / 3] ^ 1);
  std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
  EXPECT_EQ(GetParam().map(path).value()->verify().error().code, Code::corrupt_data);
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnyVectorIndex,
                         testing::Values(Kind{"flat", make_flat_index, map_flat_index},
                                         Kind{"scan", make_scan_index, map_scan_index}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace isogloss
