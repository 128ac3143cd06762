// SPDX-License-Identifier: Apache-2.0
#include "heads/classifier_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heads/calibration.hpp"

namespace isogloss::heads {
namespace {

using testing::HasSubstr;

Features dense(const std::vector<std::vector<float>>& rows) {
  math::Matrix out(rows.size(), rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i) std::ranges::copy(rows[i], out.row(i).begin());
  return Features(std::move(out));
}

Features sparse(const std::vector<std::vector<float>>& rows) {
  math::CsrMatrix out;
  out.columns = rows[0].size();
  for (const auto& row : rows) {
    std::vector<std::uint32_t> columns;
    std::vector<float> values;
    for (std::uint32_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      columns.push_back(j);
      values.push_back(row[j]);
    }
    out.append_row(columns, values);
    ++out.rows;
  }
  out.rows = rows.size();
  return Features(std::move(out));
}

const std::vector<std::vector<float>> kRows{{3, 0, 0}, {4, 3, 0}, {0, 0, 2}, {0, 1, 1}};
const std::vector<std::uint32_t> kLabels{0, 0, 1, 1};

// (3, 0) and (4, 3): product 12 of lengths 3 and 5; apart by (1, 3).
TEST(Features, LikenessIsThatOfTheRowsDenseOrSparse) {
  for (const Features& rows : {dense(kRows), sparse(kRows)}) {
    const Likeness l = rows.likeness(0, rows, 1);
    EXPECT_DOUBLE_EQ(l.cosine, 0.8);
    EXPECT_DOUBLE_EQ(l.dot, 12);
    EXPECT_DOUBLE_EQ(l.euclidean, std::sqrt(10.0));
    EXPECT_DOUBLE_EQ(l.manhattan, 4);
    EXPECT_DOUBLE_EQ(rows.likeness(0, rows, 2).cosine, 0);
    math::Matrix products(4, 4);
    Context context;
    rows.products(rows, products.view(), context);
    EXPECT_EQ(products(0, 1), 12);
    EXPECT_EQ(products(2, 3), 2);
    EXPECT_NEAR(rows.normalized().pick(std::vector<std::size_t>{1, 1}).likeness(0, rows.normalized(), 0).dot, 0.8,
                1e-6);
  }
}

// Centroids: of (1, 0, 0) and (.8, .6, 0), of (0, 0, 1) and (0, .7, .7).
TEST(ClassifierHead, CentroidScoresAreCosinesWithTheMeanOfUnitRows) {
  Context context;
  for (const Features& rows : {dense(kRows), sparse(kRows)}) {
    const auto head = ClassifierHead::fit(rows, kLabels, 2, {.kind = "centroid"}, context).value();
    const math::Matrix scores = head.scores(rows, context);
    EXPECT_NEAR(scores(0, 0), 1.8 / std::sqrt(1.8 * 1.8 + 0.6 * 0.6), 1e-6);
    EXPECT_EQ(scores(0, 1), 0);
    EXPECT_EQ(head.classes_of(rows, context), kLabels);
  }
}

TEST(ClassifierHead, NeighboursVoteByShares) {
  Context context;
  for (const Features& rows : {dense(kRows), sparse(kRows)}) {
    const auto head = ClassifierHead::fit(rows, kLabels, 2, {.kind = "knn", .neighbours = 3}, context).value();
    const math::Matrix scores = head.scores(rows, context);
    EXPECT_NEAR(scores(0, 0), 2.0 / 3, 1e-6);
    EXPECT_NEAR(scores(0, 1), 1.0 / 3, 1e-6);
  }
}

TEST(ClassifierHead, LogisticGivesProbabilitiesAndComesBackFromItsState) {
  Context context;
  for (const Features& rows : {dense(kRows), sparse(kRows)}) {
    const auto head = ClassifierHead::fit(rows, kLabels, 2, {}, context).value();
    const math::Matrix scores = head.scores(rows, context);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(scores(i, 0) + scores(i, 1), 1, 1e-6);
    EXPECT_EQ(head.classes_of(rows, context), kLabels);
    const ClassifierHead again(head.state());
    EXPECT_EQ(again.scores(rows, context)(1, 0), scores(1, 0));
  }
}

TEST(ClassifierHead, SaysWhatItCannotBeFittedOn) {
  Context context;
  const auto message = [&](const Features& rows, std::vector<std::uint32_t> labels, std::size_t classes,
                           HeadOptions options) {
    return ClassifierHead::fit(rows, labels, classes, options, context).error().message;
  };
  EXPECT_THAT(message(dense(kRows), {0, 0, 0, 0}, 1, {}), HasSubstr("two labels"));
  EXPECT_THAT(message(dense(kRows), kLabels, 3, {}), HasSubstr("no row"));
  EXPECT_THAT(message(dense(kRows), {0, 1}, 2, {}), HasSubstr("one label per row"));
  EXPECT_THAT(message(dense(kRows), kLabels, 2, {.kind = "centriod"}), HasSubstr("'centroid'?"));
  EXPECT_THAT(message(dense({{NAN, 0}, {1, 1}}), {0, 1}, 2, {}), HasSubstr("not finite"));
}

// Two answers at .9, one right: a gap of .4; one right answer at .6: a gap of .4; (.8 + .4) / 3.
TEST(Calibration, IsTheWeightedGapOfEveryStep) {
  Calibration calibration;
  calibration.add(0.9, true);
  calibration.add(0.9, false);
  calibration.add(0.6, true);
  EXPECT_NEAR(calibration.error(), 1.2 / 3, 1e-12);
}

}  // namespace
}  // namespace isogloss::heads
