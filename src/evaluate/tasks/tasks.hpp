// SPDX-License-Identifier: Apache-2.0
// One record for every kind of task, each defined in the file of its name.
#pragma once

#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

extern const TaskKind kBeirTask;          // retrieval.cpp
extern const TaskKind kTrecTask;          // retrieval.cpp
extern const TaskKind kWordsTask;         // word_pairs.cpp
extern const TaskKind kAnalogyTask;       // analogies.cpp
extern const TaskKind kCategoriesTask;    // categories.cpp
extern const TaskKind kOutliersTask;      // outliers.cpp
extern const TaskKind kBiasTask;          // bias.cpp
extern const TaskKind kStsTask;           // sts.cpp
extern const TaskKind kPairTask;          // pair_classification.cpp
extern const TaskKind kRerankTask;        // reranking.cpp
extern const TaskKind kClassifyTask;      // classification.cpp
extern const TaskKind kClusterTask;       // clusters.cpp
extern const TaskKind kBitextTask;        // bitext.cpp
extern const TaskKind kRobustTask;        // robustness.cpp
extern const TaskKind kSensesTask;        // senses.cpp
extern const TaskKind kSummaryTask;       // summaries.cpp
extern const TaskKind kDeterminismTask;   // determinism.cpp
extern const TaskKind kMultilingualTask;  // multilingual.cpp

}  // namespace isogloss::evaluation
