// SPDX-License-Identifier: Apache-2.0
// Metrics on files and values of the user's own, with the digits of the reference tools. No model is involved.
#pragma once

#include <span>
#include <string>

#include "isogloss/result.hpp"

namespace isogloss {

// What trec_eval 10.0 prints for these words: "-m", "ndcg_cut.10", "QRELS", "RUN". Error{not_found} also when a judged
// query is not in the run and -c was not given; Error{corrupt_data} names the line of a file.
Result<std::string> trec_eval(std::span<const std::string> words);

}  // namespace isogloss
