// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <unordered_map>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "core/unpack.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

using Hits = std::vector<std::vector<IndexHit>>;

void append(Vectors& to, const std::map<std::uint32_t, float>& row) {
  std::vector<std::uint32_t> columns;
  std::vector<float> values;
  for (const auto& [column, value] : row) {
    columns.push_back(column);
    values.push_back(value);
  }
  to.append_sparse(columns, values);
}

std::vector<std::int64_t> numbered(std::size_t n, std::int64_t first = 0) {
  std::vector<std::int64_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = first + static_cast<std::int64_t>(i);
  return ids;
}

// Weights as SPLADE makes them: columns drawn by a law like Zipf's, some in nearly every row.
Vectors random_rows(std::size_t n, std::size_t dim, std::size_t nonzeros, std::uint64_t stream) {
  Random random(31, stream);
  Vectors out = Vectors::sparse(dim);
  for (std::size_t i = 0; i < n; ++i) {
    std::map<std::uint32_t, float> row;
    for (std::size_t j = 0; j < nonzeros; ++j) {
      const auto column = static_cast<std::uint32_t>(static_cast<double>(dim) * std::pow(random.uniform(), 4.0));
      row[column] = static_cast<float>(std::log1p(5 * random.uniform()));
    }
    append(out, row);
  }
  return out;
}

// What SparseIndex promises, row by row: every live row that shares a column, by the sum in double.
Hits brute_force(const Vectors& rows, std::span<const std::int64_t> ids, const Vectors& queries, std::size_t k,
                 const IdSet* filter = nullptr) {
  Hits out;
  std::vector<double> dense(rows.dim());
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    const SparseRow query = queries.row_sparse(q);
    for (std::size_t j = 0; j < query.columns.size(); ++j)
      dense[query.columns[j]] = static_cast<double>(query.values[j]);
    std::vector<IndexHit> hits;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (filter != nullptr && !filter->contains(ids[i])) continue;
      const SparseRow row = rows.row_sparse(i);
      double sum = 0;
      for (std::size_t j = 0; j < row.columns.size(); ++j)
        sum += dense[row.columns[j]] * static_cast<double>(row.values[j]);
      if (sum > 0) hits.push_back({ids[i], static_cast<float>(sum)});
    }
    const auto better = [](const IndexHit& a, const IndexHit& b) {
      return a.score > b.score || (a.score == b.score && a.id < b.id);
    };
    const std::size_t kept = std::min(k, hits.size());
    std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(), better);
    hits.resize(kept);
    out.push_back(std::move(hits));
    for (const std::uint32_t column : query.columns) dense[column] = 0;
  }
  return out;
}

std::unique_ptr<SparseIndex> saved(const SparseIndex& index, const std::filesystem::path& path) {
  EXPECT_TRUE(index.save(path, {"space", 3}, Context{}));
  return map_sparse_index(path).value();
}

// Rows (2, 0, 1), (0, 3, 0), (1, 1, 0) with the query (1, 0, 2): 4, -, 1.
TEST(SparseIndex, ScoresByHandFromMemoryAndFromAFile) {
  Vectors rows = Vectors::sparse(3);
  append(rows, {{0, 2.0F}, {2, 1.0F}});
  append(rows, {{1, 3.0F}});
  append(rows, {{0, 1.0F}, {1, 1.0F}});
  Vectors query = Vectors::sparse(3);
  append(query, {{0, 1.0F}, {2, 2.0F}});
  const auto index = make_sparse_index({3, Metric::dot}).value();
  ASSERT_TRUE(index->add(numbered(3, 7), rows, Context{}));
  const Hits expected = {{{7, 4.0F}, {9, 1.0F}}};
  EXPECT_EQ(index->search(query, {10}, Context{}).value(), expected);
  const TemporaryFolder folder;
  const auto mapped = saved(*index, folder.path() / "s");
  EXPECT_EQ(mapped->search(query, {10}, Context{}).value(), expected);
  EXPECT_EQ(mapped->search(query, {1}, Context{}).value()[0], (std::vector<IndexHit>{{7, 4.0F}}));
  EXPECT_EQ(mapped->stamp().last_seq, 3U);
  EXPECT_TRUE(mapped->verify());

  const auto cosine = make_sparse_index({3, Metric::cosine}).value();
  ASSERT_TRUE(cosine->add(numbered(3, 7), rows, Context{}));
  EXPECT_FLOAT_EQ(cosine->search(query, {1}, Context{}).value()[0][0].score, 0.8F);  // 4 / (sqrt 5 sqrt 5)
}

TEST(SparseIndex, EqualsBruteForceUnderFiltersAndChange) {
  const TemporaryFolder folder;
  for (const std::size_t dim : {40U, 3000U}) {
    const Vectors rows = random_rows(6000, dim, 30, 1);
    const Vectors queries = random_rows(40, dim, 12, 2);
    const std::vector<std::int64_t> ids = numbered(6000);
    const auto index = make_sparse_index({dim, Metric::dot}).value();
    ASSERT_TRUE(index->add(ids, rows, Context{}));
    const auto mapped = saved(*index, folder.path() / "s");
    IdSet some;
    for (std::int64_t id = 0; id < 6000; id += 7) some.insert(id);
    IdSet few(std::vector<std::int64_t>{5, 17, 4711});
    for (const std::size_t k : {1U, 10U, 500U, 7000U}) {
      for (const IdSet* filter :
           {static_cast<const IdSet*>(nullptr), static_cast<const IdSet*>(&some), static_cast<const IdSet*>(&few)}) {
        const Hits expected = brute_force(rows, ids, queries, k, filter);
        EXPECT_EQ(index->search(queries, {k, filter}, Context{}).value(), expected) << dim << ' ' << k;
        EXPECT_EQ(mapped->search(queries, {k, filter}, Context{}).value(), expected) << dim << ' ' << k;
      }
    }
    // A third goes, some come back with other rows.
    std::vector<std::int64_t> gone;
    for (std::int64_t id = 0; id < 6000; id += 3) gone.push_back(id);
    EXPECT_EQ(mapped->remove(gone), 2000U);
    EXPECT_EQ(mapped->remove(gone), 0U);
    ASSERT_TRUE(mapped->add(std::span(gone).first(500), random_rows(500, dim, 30, 3), Context{}));
    EXPECT_EQ(mapped->size(), 4500U);
    const auto again = saved(*mapped, folder.path() / "t");
    ThreadPool pool(3);
    Context threads;
    threads.pool = &pool;
    const Hits hits = again->search(queries, {10}, Context{}).value();
    EXPECT_EQ(mapped->search(queries, {10}, Context{}).value(), hits);
    EXPECT_EQ(mapped->search(queries, {10}, threads).value(), hits);
  }
}

TEST(SparseIndex, RefusesWhatItCannotRank) {
  EXPECT_EQ(make_sparse_index({0, Metric::dot}).error().code, Code::invalid_argument);
  EXPECT_EQ(make_sparse_index({5, Metric::euclidean}).error().code, Code::invalid_argument);
  const auto index = make_sparse_index({5, Metric::dot}).value();
  for (const float bad : {-1.0F, NAN, INFINITY}) {
    Vectors rows = Vectors::sparse(5);
    append(rows, {{1, bad}});
    EXPECT_EQ(index->add(numbered(1), rows, Context{}).error().code, Code::invalid_argument);
    EXPECT_EQ(index->search(rows, {1}, Context{}).error().code, Code::invalid_argument);
  }
  EXPECT_EQ(index->add(numbered(1), Vectors::dense(1, 5), Context{}).error().code, Code::invalid_argument);
  Vectors row = Vectors::sparse(5);
  append(row, {});
  ASSERT_TRUE(index->add(numbered(1), row, Context{}));
  EXPECT_EQ(index->add(numbered(1), row, Context{}).error().code, Code::already_exists);
  EXPECT_TRUE(index->search(row, {3}, Context{}).value()[0].empty());
}

TEST(SparseIndex, DamagedFilesAreFoundByVerifyAndReadWithoutHarm) {
  const TemporaryFolder folder;
  const auto index = make_sparse_index({60, Metric::cosine}).value();
  ASSERT_TRUE(index->add(numbered(900), random_rows(900, 60, 9, 1), Context{}));
  const auto path = folder.path() / "s";
  ASSERT_TRUE(index->save(path, {}, Context{}));
  const std::string whole = read_file(path).value();
  const Vectors queries = random_rows(3, 60, 9, 2);
  Random random(8);
  for (int round = 0; round < 300; ++round) {
    std::string changed = whole;
    for (int i = 0; i < 30; ++i) changed[random.bounded(changed.size() - 1500)] = static_cast<char>(random.next());
    std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
    const auto opened = map_sparse_index(path);
    if (!opened) continue;
    EXPECT_EQ((*opened)->verify().error().code, Code::corrupt_data);
    (void)(*opened)->search(queries, {10}, Context{});
    (void)(*opened)->remove(numbered(50));
  }
}

// Lines of Wikipedia as TF-IDF vectors of length 1.
class WikipediaLines {
 public:
  explicit WikipediaLines(const std::filesystem::path& path, std::size_t wanted) {
    auto reader = UnpackedReader::open(path).value();
    std::string text(30'000'000, '\0');
    text.resize(reader.read(text).value());
    std::istringstream lines(text);
    for (std::string line; counts_.size() < wanted && std::getline(lines, line);) {
      std::map<std::uint32_t, float> row;
      std::istringstream words(line);
      std::size_t length = 0;
      for (std::string word; words >> word; ++length) {
        ++row[columns_.emplace(word, static_cast<std::uint32_t>(columns_.size())).first->second];
      }
      if (length >= 15) counts_.push_back(std::move(row));
    }
    frequency_.resize(columns_.size());
    for (const auto& row : counts_) {
      for (const auto& [column, count] : row) ++frequency_[column];
    }
  }
  std::size_t size() const { return counts_.size(); }
  Vectors rows(std::size_t begin, std::size_t end) const {
    Vectors out = Vectors::sparse(columns_.size());
    for (std::size_t i = begin; i < end; ++i) {
      std::map<std::uint32_t, float> row = counts_[i];
      double squares = 0;
      for (auto& [column, value] : row) {
        value *= static_cast<float>(std::log(static_cast<double>(size()) / frequency_[column]) + 1);
        squares += static_cast<double>(value) * value;
      }
      for (auto& [column, value] : row) value /= static_cast<float>(std::sqrt(squares));
      append(out, row);
    }
    return out;
  }

 private:
  std::unordered_map<std::string, std::uint32_t> columns_;
  std::vector<std::map<std::uint32_t, float>> counts_;
  std::vector<double> frequency_;
};

TEST(SparseIndex, TenNearestOfWikipediaByTfIdfAreThoseOfBruteForce) {
  IG_REQUIRE_DATA(path, "corpora/enwiki18m.txt.xz");
  const WikipediaLines lines(path, 30200);
  ASSERT_EQ(lines.size(), 30200U);
  const Vectors rows = lines.rows(0, 30000);
  const Vectors queries = lines.rows(30000, 30200);
  const auto index = make_sparse_index({rows.dim(), Metric::dot}).value();
  ASSERT_TRUE(index->add(numbered(30000), rows, Context{}));
  const TemporaryFolder folder;
  const auto mapped = saved(*index, folder.path() / "s");
  const Hits expected = brute_force(rows, numbered(30000), queries, 10);
  const auto start = std::chrono::steady_clock::now();
  const Hits found = mapped->search(queries, {10}, Context{}).value();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(found, expected);
  std::printf("  %.3f ms a query, %.0f weights a row\n", took.count() / 200,
              static_cast<double>(rows.nonzeros()) / 30000);
}

}  // namespace
}  // namespace isogloss
