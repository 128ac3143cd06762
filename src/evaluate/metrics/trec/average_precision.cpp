// SPDX-License-Identifier: Apache-2.0
// Average precision and its relatives; bpref and infAP for judgments with holes; reciprocal rank.
#include <algorithm>
#include <cmath>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

// The least value of a query in a geometric mean, and what infAP adds against 0 / 0.
constexpr double kLeast = 0.00001;
constexpr double kEpsilon = 0.00001;

double average_precision(const Judged& j) {
  return j.relevant_retrieved > 0 ? precision_sum(j) / static_cast<double>(j.relevant) : 0.0;
}

// Yilmaz, Kanoulas and Aslam 2008, eq. 3.1: a negative and odd measure of map, by its logit.
void logit_average_precision(const Query& q, const Parameters&, Values v) {
  const double sum = precision_sum(*q.judged);
  v[0] = std::log((1.0 + sum) / (1.0 + static_cast<double>(q.judged->relevant) - sum));
}

// Buckley and Voorhees 2004, as trec_eval has it since 8.0: of every relevant document found, the share of the judged
// not relevant ones that is ranked below it, of at most R of them.
double binary_preference(const Judged& j) {
  std::int64_t others = 0;
  for (std::size_t l = 0; l < j.levels.size() && static_cast<std::int64_t>(l) < j.level; ++l) others += j.levels[l];
  const auto most = static_cast<double>(std::min(others, j.relevant));
  std::int64_t above = 0;
  double sum = 0;
  for (std::size_t i = 0; i < j.relevance.size(); ++i) {
    if (j.relevance[i] < 0) continue;
    if (!j.is_relevant(i)) {
      ++above;
    } else {
      sum += above == 0 ? 1.0 : 1.0 - static_cast<double>(std::min(above, j.relevant)) / most;
    }
  }
  return j.relevant > 0 ? sum / static_cast<double>(j.relevant) : sum;
}

// Yilmaz and Aslam 2006: expected precision at every relevant document when only a sample of the pool was judged.
void inferred_average_precision(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  double others = 0, relevant = 0, unjudged = 0, sum = 0;
  for (std::size_t i = 0; i < j.relevance.size(); ++i) {
    if (j.relevance[i] == kNotInPool) continue;
    if (j.relevance[i] == kNotJudged) {
      ++unjudged;
    } else if (!j.is_relevant(i)) {
      ++others;
    } else {
      const auto above = static_cast<double>(i);
      sum += i == 0 ? 1.0
                    : 1.0 / (above + 1.0) + (above / (above + 1.0)) * ((relevant + others + unjudged) / above) *
                                                ((relevant + kEpsilon) / (relevant + others + 2 * kEpsilon));
      ++relevant;
    }
  }
  v[0] = j.relevant > 0 ? sum / static_cast<double>(j.relevant) : sum;
}

void map(const Query& q, const Parameters&, Values v) { v[0] = average_precision(*q.judged); }
void log_map(const Query& q, const Parameters&, Values v) {
  v[0] = std::log(std::max(average_precision(*q.judged), kLeast));
}
void bpref(const Query& q, const Parameters&, Values v) { v[0] = binary_preference(*q.judged); }
void log_bpref(const Query& q, const Parameters&, Values v) {
  v[0] = std::log(std::max(binary_preference(*q.judged), kLeast));
}
void reciprocal_rank(const Query& q, const Parameters&, Values v) {
  for (std::size_t i = 0; i < q.judged->relevance.size(); ++i) {
    if (!q.judged->is_relevant(i)) continue;
    v[0] = 1.0 / static_cast<double>(i + 1);
    return;
  }
}

constexpr Measure kMeasures[] = {
    {"map", "average precision", Needs::judged, map},
    {"gm_map", "geometric mean of average precision, 0.00001 at least", Needs::judged, log_map, Total::geometric,
     Shown::summary},
    {"bpref", "binary preference: judged documents only", Needs::judged, bpref},
    {"gm_bpref", "geometric mean of bpref, 0.00001 at least", Needs::judged, log_bpref, Total::geometric,
     Shown::summary},
    {"recip_rank", "1 / rank of the first relevant document", Needs::judged, reciprocal_rank},
    {"infAP", "inferred average precision of a sampled pool", Needs::judged, inferred_average_precision},
    {"yaap", "logit of average precision", Needs::judged, logit_average_precision},
};

}  // namespace

double precision_sum(const Judged& judged, std::size_t cut) {
  double sum = 0;
  std::int64_t found = 0;
  for (std::size_t i = 0; i < std::min(judged.relevance.size(), cut); ++i) {
    if (judged.is_relevant(i)) sum += static_cast<double>(++found) / static_cast<double>(i + 1);
  }
  return sum;
}

std::span<const Measure> average_precision_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
