// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/rnsb.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "math/logistic.hpp"

namespace isogloss::evaluation {

Result<double> rnsb(const heads::Features& rows, std::span<const std::size_t> pleasant,
                    std::span<const std::size_t> unpleasant, std::span<const std::size_t> targets,
                    const Context& context) {
  std::vector<std::size_t> training(pleasant.begin(), pleasant.end());
  training.insert(training.end(), unpleasant.begin(), unpleasant.end());
  std::vector<std::uint32_t> labels(training.size(), 1);
  std::fill_n(labels.begin(), pleasant.size(), 0U);
  const math::LogisticOptions options{.c = 1, .rounds = 10'000, .tolerance = 1e-7};
  const heads::Features known = rows.pick(training), asked = rows.pick(targets);
  const math::Logistic fitted =
      IG_TRY(rows.is_sparse() ? math::fit_logistic(known.sparse(), labels, 2, options, context)
                              : math::fit_logistic(known.dense(), labels, 2, options, context));
  const math::Matrix found =
      rows.is_sparse() ? fitted.probabilities(asked.sparse(), context) : fitted.probabilities(asked.dense(), context);
  double sum = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) sum += static_cast<double>(found(i, 1));
  double out = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const double share = static_cast<double>(found(i, 1)) / sum;
    if (share > 0) out += share * std::log(share * static_cast<double>(targets.size()));
  }
  return out;
}

}  // namespace isogloss::evaluation
