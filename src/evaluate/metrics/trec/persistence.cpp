// SPDX-License-Identifier: Apache-2.0
// Rank-biased precision (Moffat and Zobel 2008): a reader goes on to the next rank with probability p, 0.9 unless
// "rbp.p=0.8". Gains outside of 0..1 are scaled by the least and the highest gain of the query, and 0. trec_eval 10
// never sets the two variables of that (m_rbp.c), so its value depends on how it was built; this is what its own
// expected outputs have.
#include <algorithm>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

double persistence(const Parameters& parameters) {
  double p = 0.9;
  for (const auto& [name, value] : parameters.pairs) {
    if (name == "p") p = value;
  }
  return p;
}

void rank_biased_precision(const Query& q, const Parameters& parameters, std::span<double> v) {
  const double p = persistence(parameters);
  const Gains gains(*q.judged, parameters);
  double least = 0, highest = 0;
  for (const Gain& gain : gains.ascending()) {
    least = std::min(least, gain.gain);
    highest = std::max(highest, gain.gain);
  }
  const bool scaled = least < 0 || highest > 1;
  double sum = 0, weight = 1;
  for (const std::int64_t relevance : q.judged->relevance) {
    const double gain = gains.of(relevance);
    // What was not judged has no gain to scale.
    sum += (scaled && relevance >= 0 ? (gain - least) / (highest - least) : gain) * weight;
    weight *= p;
  }
  v[0] = (1.0 - p) * sum;
}

// What documents without a judgment, and those never retrieved, could add.
void residual(const Query& q, const Parameters& parameters, std::span<double> v) {
  const double p = persistence(parameters);
  double sum = 0, weight = 1;
  bool unjudged = false;
  for (const std::int64_t relevance : q.judged->relevance) {
    if (relevance < 0) {
      unjudged = true;
      sum += weight;
    }
    weight *= p;
  }
  if (unjudged) v[0] = weight + (1 - p) * sum;
}

constexpr Measure kMeasures[] = {
    {"rbp", "rank-biased precision", Needs::judged, rank_biased_precision, Total::mean, Shown::number, Takes::pairs},
    {"rbp_resid", "what unjudged documents could add to it", Needs::judged, residual, Total::mean, Shown::number,
     Takes::pairs},
};

}  // namespace

std::span<const Measure> persistence_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
