// SPDX-License-Identifier: Apache-2.0
// Measures that count: of the run (runid, num_q), of documents (num_*), and the ranking as a string (relstring).
#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

void nothing(const Query&, const Parameters&, Values) {}
void one(const Query&, const Parameters&, Values v) { v[0] = 1; }
void retrieved(const Query& q, const Parameters&, Values v) { v[0] = static_cast<double>(q.judged->retrieved()); }
void relevant(const Query& q, const Parameters&, Values v) { v[0] = static_cast<double>(q.judged->relevant); }
void relevant_retrieved(const Query& q, const Parameters&, Values v) {
  v[0] = static_cast<double>(q.judged->relevant_retrieved);
}
void judged_not_relevant(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  v[0] = static_cast<double>(j.retrieved() - j.not_in_pool - j.not_judged - j.relevant_retrieved);
}

constexpr double kRelstring[] = {10};

constexpr Measure kMeasures[] = {
    {"runid", "the tag of the run", Needs::nothing, nothing, Total::none, Shown::tag},
    {"num_q", "queries", Needs::nothing, one, Total::queries, Shown::count},
    {"num_ret", "documents retrieved", Needs::judged, retrieved, Total::sum, Shown::count},
    {"num_rel", "relevant documents", Needs::judged, relevant, Total::relevant, Shown::count},
    {"num_rel_ret", "relevant documents retrieved", Needs::judged, relevant_retrieved, Total::sum, Shown::count},
    {"num_nonrel_judged_ret", "documents retrieved that are judged not relevant", Needs::judged, judged_not_relevant,
     Total::sum, Shown::count},
    {"relstring", "relevance of the first N ranks, a digit each; - not in the pool, . not judged, > above 9",
     Needs::judged, nothing, Total::none, Shown::ranking, Takes::numbers, kRelstring},
};

}  // namespace

std::span<const Measure> count_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
