// SPDX-License-Identifier: Apache-2.0
// Nocedal and Wright, Numerical Optimization (2nd ed.): algorithm 7.4 (two-loop recursion) for the direction; the step
// length by bracketing and bisection until both weak Wolfe conditions hold (Lewis and Overton 2013, algorithm 2.6),
// which needs no interpolation and copes with values that carry f32 noise.
#include "math/lbfgs.hpp"

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "math/vector.hpp"

namespace isogloss::math {
namespace {

using Values = std::vector<double>;

double largest(std::span<const double> x) {
  double most = 0;
  for (const double value : x) most = std::max(most, std::fabs(value));
  return most;
}

// One remembered step: s = change of x, y = change of the gradient.
struct Pair {
  Values s;
  Values y;
  double rho = 0;  // 1 / (s . y)
};

// -H gradient, H the inverse Hessian that the pairs suggest.
Values direction_of(const std::deque<Pair>& pairs, std::span<const double> gradient) {
  Values q(gradient.begin(), gradient.end());
  Values alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = pairs[i].rho * dot(pairs[i].s, q);
    for (std::size_t j = 0; j < q.size(); ++j) q[j] -= alpha[i] * pairs[i].y[j];
  }
  if (!pairs.empty()) {
    const double scale = 1 / (pairs.back().rho * dot(pairs.back().y, pairs.back().y));
    for (double& value : q) value *= scale;
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double change = alpha[i] - pairs[i].rho * dot(pairs[i].y, q);
    for (std::size_t j = 0; j < q.size(); ++j) q[j] += change * pairs[i].s[j];
  }
  for (double& value : q) value = -value;
  return q;
}

struct Point {
  Values x;
  Values gradient;
  double value = 0;
};

// A point along the direction that lowers the value enough; false when none was found in 30 tries.
bool search(const Objective& objective, const Point& from, const Values& direction, double first_step, Point& to) {
  constexpr double kDecrease = 1e-4;
  constexpr double kCurvature = 0.9;
  const double slope = dot(from.gradient, direction);
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double step = first_step;
  for (int attempt = 0; attempt < 30; ++attempt) {
    for (std::size_t i = 0; i < to.x.size(); ++i) to.x[i] = from.x[i] + step * direction[i];
    to.value = objective(to.x, to.gradient);
    if (!(to.value <= from.value + kDecrease * step * slope)) {
      high = step;
    } else if (dot(to.gradient, direction) < kCurvature * slope) {
      low = step;
    } else {
      return true;
    }
    step = std::isinf(high) ? 2 * step : 0.5 * (low + high);
  }
  return to.value < from.value;
}

}  // namespace

Result<LbfgsResult> lbfgs(const Objective& objective, std::span<double> x, const LbfgsOptions& options,
                          const Context& context) {
  Point now{Values(x.begin(), x.end()), Values(x.size()), 0};
  Point next = now;
  now.value = objective(now.x, now.gradient);
  std::deque<Pair> pairs;
  LbfgsResult result;
  result.converged = largest(now.gradient) <= options.tolerance;
  while (!result.converged && result.rounds < options.rounds) {
    IG_TRY(context.check());
    const Values direction = direction_of(pairs, now.gradient);
    const double first_step = pairs.empty() ? 1 / std::max(1.0, std::sqrt(dot(now.gradient, now.gradient))) : 1;
    if (!search(objective, now, direction, first_step, next)) break;
    Pair pair{Values(x.size()), Values(x.size()), 0};
    for (std::size_t i = 0; i < x.size(); ++i) {
      pair.s[i] = next.x[i] - now.x[i];
      pair.y[i] = next.gradient[i] - now.gradient[i];
    }
    const double curvature = dot(pair.s, pair.y);
    if (curvature > 1e-14 * dot(pair.y, pair.y)) {
      pair.rho = 1 / curvature;
      pairs.push_back(std::move(pair));
      if (pairs.size() > options.memory) pairs.pop_front();
    }
    std::swap(now, next);
    ++result.rounds;
    context.report({.phase = "fit",
                    .unit = "rounds",
                    .done = static_cast<double>(result.rounds),
                    .total = static_cast<double>(options.rounds),
                    .loss = now.value});
    result.converged = largest(now.gradient) <= options.tolerance;
  }
  std::ranges::copy(now.x, x.begin());
  result.value = now.value;
  return result;
}

}  // namespace isogloss::math
