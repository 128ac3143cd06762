// SPDX-License-Identifier: Apache-2.0
// Relative negative sentiment bias (Sweeney and Najafian 2019).
#pragma once

#include <cstddef>
#include <span>

#include "heads/features.hpp"

namespace isogloss::evaluation {

// A logistic regression (L2, C = 1) learns pleasant from unpleasant rows; what it says of the targets, P(unpleasant),
// scaled to a sum of 1, is compared with the uniform distribution:
//   RNSB = sum_t p_t log(p_t n)     in nats, 0 = no target is more unpleasant than another
// As WEFE 1.0 on vectors of length 1 with all rows for training (holdout=False) and scikit-learn's lbfgs; liblinear,
// its default, also penalises the intercept. Error{invalid_argument}: a value is not finite.
// REQUIRES: rows of length 1; no list is empty.
Result<double> rnsb(const heads::Features& rows, std::span<const std::size_t> pleasant,
                    std::span<const std::size_t> unpleasant, std::span<const std::size_t> targets,
                    const Context& context);

}  // namespace isogloss::evaluation
