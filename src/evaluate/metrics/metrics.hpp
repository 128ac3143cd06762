// SPDX-License-Identifier: Apache-2.0
// One metric a file; metrics.cpp is the only list. Rules: trec_eval 10.0.
#pragma once

#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

extern const RankingMetric kNdcg;
extern const RankingMetric kAveragePrecision;
extern const RankingMetric kRecall;
extern const RankingMetric kPrecision;
extern const RankingMetric kReciprocalRank;

}  // namespace isogloss::evaluation
