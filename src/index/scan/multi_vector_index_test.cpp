// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "core/test_support.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

using Hits = std::vector<std::vector<IndexHit>>;

// Rows of 5 to 20 vectors: words, each near one of `words` directions, in the context of a topic.
Vectors texts(std::size_t n, std::size_t dim, std::uint64_t stream) {
  constexpr std::size_t kWords = 800;
  constexpr std::size_t kTopics = 200;
  Random same(41);
  Vectors directions = Vectors::dense(kWords + kTopics, dim);
  for (std::size_t i = 0; i < kWords + kTopics; ++i) {
    for (float& x : directions.row_f32(i)) x = static_cast<float>(same.normal());
  }
  Random random(42, stream);
  std::vector<std::size_t> words;
  Vectors out;
  out.row_offsets = {0};
  std::vector<std::pair<std::size_t, std::size_t>> tokens;  // word, topic
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t topic = random.bounded(kTopics);
    for (std::size_t j = 5 + random.bounded(16); j > 0; --j) {
      // Words of a topic come from a small part of all.
      tokens.emplace_back((topic * 17 + random.bounded(40)) % kWords, kWords + topic);
    }
    out.row_offsets.push_back(tokens.size());
  }
  Vectors rows = Vectors::dense(tokens.size(), dim);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    for (std::size_t d = 0; d < dim; ++d) {
      rows.row_f32(t)[d] = directions.row_f32(tokens[t].first)[d] + 0.7F * directions.row_f32(tokens[t].second)[d] +
                           0.6F * static_cast<float>(random.normal());
    }
  }
  rows.row_offsets = std::move(out.row_offsets);
  return rows;
}

std::vector<std::int64_t> numbered(std::size_t n, std::int64_t first = 0) {
  std::vector<std::int64_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = first + static_cast<std::int64_t>(i);
  return ids;
}

double recall_of(const Hits& found, const Hits& truth) {
  double right = 0;
  double all = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    EXPECT_EQ(found[q].size(), truth[q].size());
    for (const IndexHit& hit : truth[q]) right += std::ranges::count(found[q], hit);
    all += static_cast<double>(truth[q].size());
  }
  return right / all;
}

IndexQuery exactly(IndexQuery query) {
  query.exact = true;
  return query;
}

// Rows {(1, 0), (0, 1)} and {(0.6, 0.8)}; the query {(1, 0), (0, 2)} has 1 + 2 with the first, 0.6 + 1.6 with the
// other.
TEST(MultiVectorIndex, SumsTheLargestProductsByHand) {
  Vectors rows = Vectors::dense(3, 2);
  rows.row_offsets = {0, 2, 3};
  rows.row_f32(0)[0] = 1, rows.row_f32(1)[1] = 1, rows.row_f32(2)[0] = 0.6F, rows.row_f32(2)[1] = 0.8F;
  Vectors query = Vectors::dense(2, 2);
  query.row_offsets = {0, 2};
  query.row_f32(0)[0] = 1, query.row_f32(1)[1] = 2;
  const auto index = make_multi_vector_index({2, Metric::dot, DType::f32}).value();
  ASSERT_TRUE(index->add(std::vector<std::int64_t>{5, 3}, rows, Context{}));
  EXPECT_EQ(index->size(), 2U);
  EXPECT_EQ(index->vectors(), 3U);
  const Hits hits = index->search(query, {10}, Context{}).value();
  ASSERT_EQ(hits[0].size(), 2U);
  EXPECT_EQ(hits[0][0], (IndexHit{5, 3.0F}));
  EXPECT_EQ(hits[0][1].id, 3);
  EXPECT_FLOAT_EQ(hits[0][1].score, 2.2F);
}

TEST(MultiVectorIndex, FindsAlmostAllOfTheBestInMemoryInFilesAndUnderFilters) {
  const TemporaryFolder folder;
  const Vectors rows = texts(4000, 48, 1);
  const Vectors queries = texts(60, 48, 2);
  const auto index = make_multi_vector_index({48, Metric::cosine, DType::f32}).value();
  ASSERT_TRUE(index->add(numbered(4000), rows, Context{}));
  ASSERT_TRUE(index->save(folder.path() / "1", {"space", 4}, Context{}));
  const auto mapped = map_multi_vector_index(folder.path() / "1").value();
  EXPECT_EQ(mapped->size(), 4000U);
  EXPECT_EQ(mapped->vectors(), rows.rows());
  EXPECT_EQ(mapped->stamp().last_seq, 4U);
  IdSet some;
  for (std::int64_t id = 0; id < 4000; id += 2) some.insert(id);
  const IdSet few(std::vector<std::int64_t>{7, 9, 3999});
  for (const IdSet* filter :
       {static_cast<const IdSet*>(nullptr), static_cast<const IdSet*>(&some), static_cast<const IdSet*>(&few)}) {
    for (const std::size_t k : {1U, 5U, 10U}) {  // a topic has 20 rows, ten of them even
      const Hits truth = index->search(queries, exactly({k, filter}), Context{}).value();
      IndexCost cost;
      EXPECT_GE(recall_of(index->search(queries, {k, filter}, Context{}, &cost).value(), truth), 0.98) << k;
      EXPECT_EQ(cost.matches, filter == nullptr ? 4000U : filter->size());
      EXPECT_GE(recall_of(mapped->search(queries, {k, filter}, Context{}).value(), truth), 0.98) << k;
      EXPECT_EQ(mapped->search(queries, exactly({k, filter}), Context{}).value(), truth);
    }
  }
  EXPECT_EQ(index->search(queries, {5000}, Context{}).value()[0].size(), 4000U);
}

TEST(MultiVectorIndex, RowsComeAndGoAndThreadsChangeNothing) {
  const TemporaryFolder folder;
  const auto index = make_multi_vector_index({32, Metric::cosine, DType::bf16}).value();
  ASSERT_TRUE(index->add(numbered(1500), texts(1500, 32, 1), Context{}));
  ASSERT_TRUE(index->save_changes(folder.path() / "1", {}, Context{}));
  EXPECT_EQ(index->remove(numbered(300, 100)), 300U);
  EXPECT_EQ(index->remove(numbered(300, 100)), 0U);
  ASSERT_TRUE(index->add(numbered(200, 100), texts(200, 32, 3), Context{}));
  EXPECT_EQ(index->size(), 1400U);
  const Vectors queries = texts(20, 32, 2);
  const Hits hits = index->search(queries, {10}, Context{}).value();
  for (const auto& list : hits) {
    for (const IndexHit& hit : list) EXPECT_FALSE(hit.id >= 300 && hit.id < 400) << hit.id;
  }
  ThreadPool pool(3);
  Context threads;
  threads.pool = &pool;
  EXPECT_EQ(index->search(queries, {10}, threads).value(), hits);
  ASSERT_TRUE(index->save_changes(folder.path() / "2", {}, Context{}));
  const auto mapped = map_multi_vector_index(folder.path() / "2").value();
  EXPECT_EQ(mapped->size(), 1400U);
  EXPECT_EQ(mapped->search(queries, exactly({10}), Context{}).value(),
            index->search(queries, exactly({10}), Context{}).value());
}

TEST(MultiVectorIndex, RefusesWhatIsNoRowOfVectors) {
  EXPECT_EQ(make_multi_vector_index({4, Metric::euclidean, DType::f32}).error().code, Code::invalid_argument);
  const auto index = make_multi_vector_index({4, Metric::dot, DType::f32}).value();
  Vectors rows = Vectors::dense(3, 4);
  const auto refused = [&](std::vector<std::size_t> offsets, std::vector<std::int64_t> ids) {
    rows.row_offsets = std::move(offsets);
    const Status status = index->add(ids, rows, Context{});
    return status ? Code::internal : status.error().code;
  };
  EXPECT_EQ(refused({}, {1}), Code::invalid_argument);
  EXPECT_EQ(refused({0, 2}, {1}), Code::invalid_argument);        // a vector too many
  EXPECT_EQ(refused({0, 0, 3}, {1, 2}), Code::invalid_argument);  // a row of none
  EXPECT_EQ(refused({0, 3}, {-1}), Code::invalid_argument);
  EXPECT_EQ(refused({0, 1, 3}, {6, 6}), Code::already_exists);
  EXPECT_EQ(index->size(), 0U);

  // A scan index of other ids.
  const TemporaryFolder folder;
  const auto plain = make_scan_index({4, Metric::dot, DType::f32}).value();
  ASSERT_TRUE(plain->add(std::vector<std::int64_t>{1, 2, 3}, rows.view(), Context{}));
  ASSERT_TRUE(plain->save(folder.path() / "plain", {}, Context{}));
  ASSERT_TRUE(plain->save(folder.path() / "plain-means", {}, Context{}));
  EXPECT_EQ(map_multi_vector_index(folder.path() / "plain").error().code, Code::corrupt_data);
}

}  // namespace
}  // namespace isogloss
