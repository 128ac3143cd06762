// SPDX-License-Identifier: Apache-2.0
// Minimises a smooth function of many variables from its values and gradients (limited-memory BFGS).
#pragma once

#include <functional>
#include <span>

#include "isogloss/context.hpp"

namespace isogloss::math {

struct LbfgsOptions {
  std::size_t rounds = 100;  // at most
  double tolerance = 1e-4;   // stop when no component of the gradient is larger in magnitude
  std::size_t memory = 10;   // pairs of steps remembered
};

struct LbfgsResult {
  double value = 0;
  std::size_t rounds = 0;
  bool converged = false;  // false: rounds ran out, or no step lowered the value any more
};

// f(x, gradient) writes the gradient at x and returns the value. x (n), gradient (n)
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

// x holds the start and then the best point found. x (n). Error{cancelled} when the context says so.
Result<LbfgsResult> lbfgs(const Objective& objective, std::span<double> x, const LbfgsOptions& options,
                          const Context& context);

}  // namespace isogloss::math
