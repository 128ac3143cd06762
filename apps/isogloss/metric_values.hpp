// SPDX-License-Identifier: Apache-2.0
// Metrics of files of values and labels, for the verb metric.
#pragma once

#include "cli.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::cli {

struct ValueFlags {
  bool header = false;   // the first line is names
  std::string positive;  // label of the positive class
  EntityOptions entities;
};

// "spearman", "classification", "clustering", "entities", "perplexity"; false for another name.
bool is_value_metric(std::string_view metric);
Result<int> run_value_metric(Program& program, std::string_view metric, const std::string& file,
                             const ValueFlags& flags);

}  // namespace isogloss::cli
