// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "vectors/frozen_words.hpp"
#include "vectors/word_scan_kernels.hpp"
#include "vectors/word_table.hpp"

namespace isogloss::vectors {
namespace {

using testing::ElementsAre;

// Rows in clumps, some zero, some twice. (count, dim)
std::vector<float> clumps(std::size_t count, std::size_t dim, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> rows(count * dim);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<float> row(rows.data() + i * dim, dim);
    Random middle(seed, i % 37 + 1);
    for (float& x : row) x = static_cast<float>(middle.normal() + 0.3 * random.normal());
    if (i % 101 == 0) std::ranges::fill(row, 0.0F);
    if (i % 53 == 1) std::ranges::copy(std::span(rows).subspan((i - 1) * dim, dim), row.begin());
  }
  return rows;
}

WordTable table_of(std::size_t count, std::size_t dim, bool with_codes) {
  Context context;
  auto rows = std::make_shared<const std::vector<float>>(clumps(count, dim, 5));
  FrozenWords words(count, [](std::size_t i) { return "w" + std::to_string(i); });
  return WordTable(std::move(words), rows, *rows, dim, {},
                   with_codes ? WordScan::build(*rows, dim, context) : WordScan());
}

TEST(FrozenWords, FindsEveryWordAndNoOther) {
  const std::vector<std::string> list{"a", "", "bee", "a longer word than eight bytes", "b\xff"};
  const FrozenWords words(list.size(), [&](std::size_t i) { return list[i]; });
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(words.find(list[i]), i);
    EXPECT_EQ(words.word(i), list[i]);
  }
  EXPECT_FALSE(words.find("be"));
  EXPECT_FALSE(FrozenWords().find("a"));
}

TEST(FrozenWords, ArraysThatDoNotFitAreRefused) {
  const std::string text = "abc";
  const std::vector<std::uint64_t> ends{1, 3};
  const std::vector<std::uint32_t> slots{1, 2, 9, 9};  // full, and past the end: searched once round
  const auto words = FrozenWords::view(text, ends, slots, nullptr);
  ASSERT_TRUE(words);
  EXPECT_FALSE(words->find("zz"));
  const std::vector<std::uint64_t> back{3, 1};
  const std::vector<std::uint64_t> long_end{1, 9};
  EXPECT_FALSE(FrozenWords::view(text, back, slots, nullptr));
  EXPECT_FALSE(FrozenWords::view(text, long_end, slots, nullptr));
  EXPECT_FALSE(FrozenWords::view(text, ends, std::span(slots).first(3), nullptr));
}

// Four rows in two dimensions; the query looks along the first axis.
TEST(WordScan, NamesAllThatCanBeAmongTheBest) {
  Context context;
  const std::vector<float> rows{1, 0, 0, 1, 2, 0.1F, -1, 0};
  const WordScan scan = WordScan::build(rows, 2, context);
  const std::vector<float> query{3, 0};
  const ScanRequest request{query, 1};
  EXPECT_THAT(scan.candidates(std::span(&request, 1), 4, context).value().at(0), ElementsAre(0u, 2u));
}

// The bounds hold for every row, on every instruction set.
TEST(WordScan, BoundsHoldTheTruth) {
  Context context;
  for (const std::size_t dim : {1, 2, 7, 50, 100, 300}) {
    const std::size_t count = 1000;
    const std::vector<float> rows = clumps(count, dim, dim);
    const WordScan scan = WordScan::build(rows, dim, context);
    for (const simd::Level level : simd::available_levels()) {
      std::vector<std::int8_t> bytes((dim + 3) / 4 * 4, 0);
      std::vector<std::int32_t> words(bytes.size() / 4);
      ScanQuery query;
      double left = 0, squares = 0;
      const std::span<const float> vector(rows.data() + 7 * dim, dim);
      for (const float x : vector) squares += static_cast<double>(x) * static_cast<double>(x);
      float largest = 0;
      for (const float x : vector) largest = std::max(largest, std::abs(x) / static_cast<float>(std::sqrt(squares)));
      query.scale = largest / 127.0F;
      for (std::size_t d = 0; d < dim; ++d) {
        const double unit = static_cast<double>(vector[d]) / std::sqrt(squares);
        bytes[d] = static_cast<std::int8_t>(std::lround(unit / static_cast<double>(query.scale)));
        left += std::pow(unit - static_cast<double>(query.scale) * bytes[d], 2);
        query.offset += 128 * bytes[d];
      }
      std::memcpy(words.data(), bytes.data(), bytes.size());
      query.words = words.data();
      query.error = static_cast<float>(std::sqrt(left)) + 1e-6F;
      ScanRows all{scan.codes().data(), scan.factors().data(), scan.errors().data(), scan.factors().size() / kScanRows,
                   (dim + 3) / 4};
      std::vector<float> uppers(scan.factors().size());
      scan_kernels(level).scan(all, &query, 1, uppers.data(), uppers.size());
      for (std::size_t i = 0; i < count; ++i) {
        double dot = 0, length = 0;
        for (std::size_t d = 0; d < dim; ++d) {
          const auto x = static_cast<double>(rows[i * dim + d]);
          dot += x * static_cast<double>(vector[d]);
          length += x * x;
        }
        const double truth = length > 0 ? dot / std::sqrt(length * squares) : 0.0;
        const auto error = static_cast<double>(scan.errors()[i]);
        const double width = error + static_cast<double>(query.error) * (1 + error);
        ASSERT_GE(static_cast<double>(uppers[i]) + 1e-6, truth) << i << " of dimension " << dim;
        ASSERT_LE(static_cast<double>(uppers[i]) - 2 * width - 1e-6, truth) << i << " of dimension " << dim;
      }
    }
  }
}

// With codes and without, alone and in batches, on any number of threads: the same words with the same scores.
TEST(WordTable, NearestIsExact) {
  constexpr std::size_t kCount = 70'000;  // two strips
  constexpr std::size_t kDim = 20;
  const WordTable coded = table_of(kCount, kDim, true);
  Context context;
  ThreadPool pool(3);
  std::vector<std::vector<float>> vectors;
  Random random(2);
  for (int q = 0; q < 11; ++q) {
    std::vector<float> vector(kDim);
    for (float& x : vector) x = static_cast<float>(random.normal());
    if (q == 3) std::ranges::fill(vector, 0.0F);
    if (q == 4) std::ranges::copy(coded.row(500), vector.begin());
    vectors.push_back(std::move(vector));
  }
  const std::vector<std::size_t> left_out{500, 501};
  for (const std::size_t among : {std::size_t{1000}, SIZE_MAX}) {
    std::vector<NearestRequest> requests;
    for (const auto& vector : vectors) requests.push_back({vector, left_out});
    const auto together = coded.nearest(requests, 10, among, context).value();
    Context threads;
    threads.pool = &pool;
    EXPECT_EQ(coded.nearest(requests, 10, among, threads).value().at(5).at(3).word, together[5][3].word);
    for (std::size_t q = 0; q < requests.size(); ++q) {
      std::vector<float> scores(kCount);
      ASSERT_TRUE(coded.cosines(vectors[q], scores, context));
      std::vector<std::pair<float, std::string>> all;
      for (std::size_t i = 0; i < std::min(among, kCount); ++i) {
        if (std::ranges::find(left_out, i) == left_out.end()) all.emplace_back(-scores[i], coded.word(i));
      }
      std::ranges::partial_sort(all, all.begin() + 10);
      const auto alone = coded.nearest(std::span(requests).subspan(q, 1), 10, among, context).value().at(0);
      ASSERT_EQ(alone.size(), 10u);
      for (std::size_t k = 0; k < 10; ++k) {
        EXPECT_EQ(alone[k].word, all[k].second) << q << " " << k;
        EXPECT_EQ(alone[k].score, static_cast<double>(-all[k].first));
        EXPECT_EQ(together[q][k].word, all[k].second);
      }
    }
  }
}

}  // namespace
}  // namespace isogloss::vectors
