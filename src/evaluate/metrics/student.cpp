// SPDX-License-Identifier: Apache-2.0
// Student's paired t-test. With t of n - 1 degrees of freedom, P(|T| >= t) = I_x(df / 2, 1 / 2), x = df / (df + t^2),
// the regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8; Lentz's method).
#include <cmath>
#include <limits>
#include <vector>

#include "isogloss/bias.hpp"

namespace isogloss {
namespace {

double continued_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kEnough = 1e-15;
  constexpr int kMostSteps = 10'000;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), out = d;
  for (int m = 1; m <= kMostSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double step : {even, odd}) {
      d = 1 / away_from_zero(1 + step * d);
      c = away_from_zero(1 + step / c);
      change = c * d;
      out *= change;
    }
    if (std::abs(change - 1) < kEnough) break;
  }
  return out;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on this side of the mean; the other is its complement.
  return x < (a + 1) / (a + b + 2) ? front * continued_fraction(a, b, x) / a
                                   : 1 - front * continued_fraction(b, a, 1 - x) / b;
}

}  // namespace

double paired_t_test(std::span<const double> a, std::span<const double> b) {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(a.size());
  if (a.size() < 2) return kUndefined;
  double mean = 0, squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) mean += (a[i] - b[i]) / n;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
  if (squares <= 0) return kUndefined;
  const double df = n - 1;
  const double t_squared = mean * mean * n * df / squares;
  return incomplete_beta(df / 2, 0.5, df / (df + t_squared));
}

}  // namespace isogloss
