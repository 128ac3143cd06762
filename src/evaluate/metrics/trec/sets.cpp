// SPDX-License-Identifier: Apache-2.0
// Measures of the retrieved set, whatever its order.
#include <algorithm>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

double ratio(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

void precision(const Query& q, const Parameters&, Values v) {
  if (q.judged->retrieved() > 0) v[0] = ratio(q.judged->relevant_retrieved, q.judged->retrieved());
}
void recall(const Query& q, const Parameters&, Values v) {
  if (q.judged->relevant > 0) v[0] = ratio(q.judged->relevant_retrieved, q.judged->relevant);
}
void relative_precision(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  if (j.retrieved() > 0 && j.relevant > 0) v[0] = ratio(j.relevant_retrieved, std::min(j.retrieved(), j.relevant));
}
// Precision times recall.
void set_map(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  if (j.retrieved() == 0 || j.relevant == 0) return;
  const auto found = static_cast<double>(j.relevant_retrieved);
  v[0] = found * found / (static_cast<double>(j.retrieved()) * static_cast<double>(j.relevant));
}
// (x + 1) P R / (x P + R): x is what others call beta squared.
void f_measure(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  if (j.relevant_retrieved == 0) return;
  const double precision = ratio(j.relevant_retrieved, j.retrieved());
  const double recall = ratio(j.relevant_retrieved, j.relevant);
  const double x = p.numbers[0];
  v[0] = (x + 1) * precision * recall / (x * precision + recall);
}
// a (relevant, retrieved) + b (not, retrieved) + c (relevant, missed) + d (not, left).
void utility(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  const auto number = [](std::int64_t n) { return static_cast<double>(n); };
  v[0] = p.numbers[0] * number(j.relevant_retrieved) + p.numbers[1] * number(j.retrieved() - j.relevant_retrieved) +
         p.numbers[2] * number(j.relevant - j.relevant_retrieved) +
         p.numbers[3] * number(q.settings->documents_in_collection + j.relevant_retrieved - j.retrieved() - j.relevant);
}

constexpr double kUtility[] = {1, -1, 0, 0};
constexpr double kBeta[] = {1};

constexpr Measure kMeasures[] = {
    {"utility", "a, b, c, d times the four cells of relevant and retrieved", Needs::judged, utility, Total::mean,
     Shown::number, Takes::numbers, kUtility},
    {"set_P", "precision of the retrieved set", Needs::judged, precision},
    {"set_relative_P", "precision over the best possible one", Needs::judged, relative_precision},
    {"set_recall", "recall of the retrieved set", Needs::judged, recall},
    {"set_map", "precision times recall", Needs::judged, set_map},
    {"set_F", "F measure of the retrieved set; the parameter is beta squared", Needs::judged, f_measure, Total::mean,
     Shown::number, Takes::numbers, kBeta},
};

}  // namespace

std::span<const Measure> set_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
