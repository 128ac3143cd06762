// SPDX-License-Identifier: Apache-2.0
#include "vectors/cooccurrence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/random.hpp"

namespace isogloss::vectors {
namespace {

using Table = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

constexpr std::uint32_t kEnd = kSentenceEnd;

Table count(std::span<const CorpusPiece> pieces, std::size_t words, const CooccurrenceRules& rules,
            std::size_t bytes = SIZE_MAX, std::size_t threads = 1, bool* spilled = nullptr) {
  Context context;
  ThreadPool pool(threads);
  context.pool = &pool;
  CooccurrenceCounter counter(words, rules, bytes, threads);
  EXPECT_TRUE(counter.add(pieces, context));
  Table out;
  std::pair<std::uint32_t, std::uint32_t> last;
  EXPECT_TRUE(counter.finish(
      [&](std::span<const CooccurrenceCell> cells) -> Status {
        for (const CooccurrenceCell& cell : cells) {
          EXPECT_TRUE(out.empty() || last < std::pair(cell.row, cell.column)) << "cells come in order";
          last = {cell.row, cell.column};
          out[last] = cell.units;
        }
        return {};
      },
      context));
  if (spilled != nullptr) *spilled = counter.spilled_bytes() > 0;
  return out;
}

// "a b a c", window 2: (a,b) 1 + 1, (a,a) twice 1/2, (b,c) 1/2, (a,c) 1; nothing across the end of a sentence.
TEST(Cooccurrence, CountsPairsByTheirDistance) {
  const std::uint32_t ids[] = {0, 1, 0, 2, kEnd, 2, kEnd};
  const CorpusPiece piece{ids, 5, 0, 0};
  const std::uint64_t one = kCountUnit;
  EXPECT_EQ(count({&piece, 1}, 3, {.window = 2}),
            (Table{{{0, 0}, one}, {{0, 1}, 2 * one}, {{0, 2}, one}, {{1, 2}, one / 2}}));
  EXPECT_EQ(count({&piece, 1}, 3, {.window = 2, .by_distance = false}),
            (Table{{{0, 0}, 2 * one}, {{0, 1}, 2 * one}, {{0, 2}, one}, {{1, 2}, one}}));
  EXPECT_EQ(count({&piece, 1}, 3, {.window = 2, .symmetric = false}),
            (Table{{{0, 0}, one / 2}, {{0, 1}, one}, {{0, 2}, one}, {{1, 0}, one}, {{1, 2}, one / 2}}));
}

// Sorted runs in memory, in a file, on several threads, or a plain loop: the same numbers.
TEST(Cooccurrence, DependsNeitherOnMemoryNorOnThreads) {
  constexpr std::size_t kWords = 3000;
  Random random(5);
  std::vector<std::vector<std::uint32_t>> texts(12);
  std::vector<CorpusPiece> pieces;
  for (auto& ids : texts) {
    for (int i = 0; i < 4000; ++i) {
      ids.push_back(static_cast<std::uint32_t>(std::exp(random.uniform() * std::log(kWords))));
      if (random.bounded(30) == 0) ids.push_back(kEnd);
    }
    pieces.push_back({ids, 4000, 0, pieces.size()});
  }
  for (const bool symmetric : {true, false}) {
    const CooccurrenceRules rules{.window = 7, .symmetric = symmetric};
    Table plain;
    for (const auto& ids : texts) {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        for (std::size_t d = 1; d <= std::min<std::size_t>(i, 7) && ids[i - d] != kEnd && ids[i] != kEnd; ++d) {
          const std::uint64_t units = (kCountUnit + d / 2) / d;
          const bool turn = symmetric && ids[i - d] > ids[i];
          plain[turn ? std::pair(ids[i], ids[i - d]) : std::pair(ids[i - d], ids[i])] +=
              symmetric && ids[i - d] == ids[i] ? 2 * units : units;
        }
      }
    }
    bool spilled = false;
    EXPECT_EQ(count(pieces, kWords, rules, SIZE_MAX, 1, &spilled), plain);
    EXPECT_FALSE(spilled);
    EXPECT_EQ(count(pieces, kWords, rules, 400'000, 1, &spilled), plain);
    EXPECT_TRUE(spilled);
    EXPECT_EQ(count(pieces, kWords, rules, 400'000, 4), plain);
    EXPECT_EQ(count(pieces, kWords, rules, 0, 2), plain);
  }
}

// More of a pair than an entry of a run can hold: 200,000 times at distance 1.
TEST(Cooccurrence, LargeCountsDoNotOverflow) {
  const std::vector<std::uint32_t> ids(200'001, 0);
  const CorpusPiece piece{ids, ids.size(), 0, 0};
  EXPECT_EQ(count({&piece, 1}, 1, {.window = 1}), (Table{{{0, 0}, 400'000 * kCountUnit}}));
  EXPECT_EQ(count({&piece, 1}, 1, {.window = 1}, 0), (Table{{{0, 0}, 400'000 * kCountUnit}}));
}

}  // namespace
}  // namespace isogloss::vectors
