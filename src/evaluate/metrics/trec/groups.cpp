// SPDX-License-Identifier: Apache-2.0
// Several judges a query (-R qrels_jg): a measure by each group of judgments, and the mean of them.
#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

void divide(Values values, std::size_t groups) {
  if (groups < 2) return;
  for (double& value : values) value /= static_cast<double>(groups);
}

void map(const Query& q, const Parameters&, Values v) {
  for (const Judged& j : q.groups) {
    if (j.relevant_retrieved > 0) v[0] += precision_sum(j) / static_cast<double>(j.relevant);
  }
  divide(v, q.groups.size());
}

void precision(const Query& q, const Parameters& p, Values v) {
  for (const Judged& j : q.groups) add_precisions(j, p.numbers, v);
  divide(v, q.groups.size());
}

void multiple_r_precision(const Query& q, const Parameters& p, Values v) {
  for (const Judged& j : q.groups) add_multiple_r_precisions(j, p.numbers, v);
  divide(v, q.groups.size());
}

constexpr Measure kMeasures[] = {
    {"map_avgjg", "average precision, mean over judgment groups", Needs::groups, map},
    {"P_avgjg", "precision at cuts, mean over judgment groups", Needs::groups, precision, Total::mean, Shown::number,
     Takes::cuts, kCuts},
    {"Rprec_mult_avgjg", "precision at multiples of R, mean over judgment groups", Needs::groups, multiple_r_precision,
     Total::mean, Shown::number, Takes::shares, kRShares},
};

}  // namespace

std::span<const Measure> group_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
