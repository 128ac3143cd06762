// SPDX-License-Identifier: Apache-2.0
#include "index/row_mask.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/random.hpp"

namespace isogloss::index {
namespace {

TEST(IdSet, HoldsWhatWasInsertedAndNotWhatWasErased) {
  IdSet set(std::vector<std::int64_t>{5, 200, 5, -3});
  EXPECT_EQ(set.size(), 3U);
  EXPECT_TRUE(set.contains(-3));
  EXPECT_TRUE(set.contains(200));
  EXPECT_FALSE(set.contains(6));
  set.erase(5);
  set.erase(6);
  EXPECT_EQ(set.size(), 2U);
  EXPECT_FALSE(set.contains(5));
  set.insert(std::numeric_limits<std::int64_t>::max());
  set.insert(std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(set.contains(std::numeric_limits<std::int64_t>::max()));
  EXPECT_TRUE(set.contains(std::numeric_limits<std::int64_t>::min()));
}

TEST(SortedIds, MaskHoldsTheRowsOfTheFilterWithAndWithoutGaps) {
  Random random(1);
  for (const std::int64_t step : {1, 3}) {
    for (const std::size_t n : {0, 1, 63, 64, 65, 500}) {
      for (const std::int64_t first : {-100, 0, 37, 1000}) {
        std::vector<std::int64_t> ids;
        for (std::size_t i = 0; i < n; ++i) ids.push_back(first + static_cast<std::int64_t>(i) * step);
        IdSet filter;
        for (std::int64_t id = first - 70; id < first + static_cast<std::int64_t>(n) * step + 70; ++id) {
          if (random.uniform() < 0.4) filter.insert(id);
        }
        const SortedIds rows(ids);
        RowMask removed(n);
        if (n > 10) removed.insert(7);
        const RowMask mask = rows.mask(filter, &removed);
        std::size_t expected = 0;
        for (std::size_t row = 0; row < n; ++row) {
          const bool wanted = filter.contains(ids[row]) && !removed.contains(row);
          expected += wanted;
          ASSERT_EQ(mask.contains(row), wanted);
          ASSERT_EQ(rows.row_of(ids[row]), row);
        }
        EXPECT_EQ(mask.count(), expected);
        EXPECT_FALSE(rows.row_of(first - 1));
        EXPECT_FALSE(rows.row_of(first + static_cast<std::int64_t>(n) * step));
      }
    }
  }
}

TEST(SortedIds, TakesIdsAsFarApartAsPossible) {
  const std::vector<std::int64_t> ids = {std::numeric_limits<std::int64_t>::min(), 0,
                                         std::numeric_limits<std::int64_t>::max()};
  const SortedIds rows(ids);
  EXPECT_EQ(rows.row_of(0), 1U);
  EXPECT_EQ(rows.mask(IdSet(ids), nullptr).count(), 3U);
}

TEST(RowMask, CountsAndListsARange) {
  RowMask mask(200);
  for (const std::size_t row : {0, 63, 64, 100, 199}) mask.insert(row);
  std::vector<std::uint32_t> rows;
  mask.rows_between(1, 199, rows);
  EXPECT_EQ(rows, (std::vector<std::uint32_t>{63, 64, 100}));
  EXPECT_EQ(mask.count_between(1, 199), 3U);
  EXPECT_EQ(mask.count_between(64, 64), 0U);
  EXPECT_EQ(mask.count_between(0, 200), 5U);
}

}  // namespace
}  // namespace isogloss::index
