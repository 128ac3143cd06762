// SPDX-License-Identifier: Apache-2.0
// Measures at ranks: P, recall, relative_P, success, unj, map_cut at cuts; Rprec, Rprec_mult; interpolated precision.
#include <algorithm>
#include <cmath>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

double number(std::int64_t n) { return static_cast<double>(n); }

// Of every cut the number of ranks before it that `counted` says yes to; a cut beyond the ranking sees all of it.
// visit(index of the cut, cut, count).
template <class Counted, class Visit>
void each_cut(const Judged& judged, std::span<const double> cuts, Counted&& counted, Visit&& visit) {
  std::size_t next = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < judged.relevance.size() && next < cuts.size(); ++i) {
    if (static_cast<double>(i) == cuts[next]) {
      visit(next, cuts[next], count);
      ++next;
    }
    if (counted(i)) ++count;
  }
  for (; next < cuts.size(); ++next) visit(next, cuts[next], count);
}

template <class Visit>
void each_relevant_cut(const Judged& j, std::span<const double> cuts, Visit&& visit) {
  each_cut(j, cuts, [&](std::size_t i) { return j.is_relevant(i); }, visit);
}

void precision(const Query& q, const Parameters& p, Values v) { add_precisions(*q.judged, p.numbers, v); }

void recall(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  if (j.relevant == 0) return;
  each_relevant_cut(j, p.numbers,
                    [&](std::size_t c, double, std::int64_t n) { v[c] = number(n) / number(j.relevant); });
}

void relative_precision(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  if (j.relevant == 0) return;
  each_relevant_cut(j, p.numbers, [&](std::size_t c, double cut, std::int64_t n) {
    v[c] = number(n) / std::min(cut, number(j.relevant));
  });
}

void success(const Query& q, const Parameters& p, Values v) {
  each_relevant_cut(*q.judged, p.numbers, [&](std::size_t c, double, std::int64_t n) { v[c] = n > 0 ? 1.0 : 0.0; });
}

void unjudged(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  each_cut(
      j, p.numbers, [&](std::size_t i) { return j.relevance[i] < 0; },
      [&](std::size_t c, double cut, std::int64_t n) { v[c] = number(n) / cut; });
}

void average_precision_at(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  if (j.relevant == 0) return;
  for (std::size_t c = 0; c < p.numbers.size(); ++c) {
    v[c] = precision_sum(j, static_cast<std::size_t>(p.numbers[c])) / number(j.relevant);
  }
}

void r_precision(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  const std::int64_t depth = std::min(j.retrieved(), j.relevant);
  if (depth == 0) return;
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < depth; ++i) found += j.is_relevant(static_cast<std::size_t>(i)) ? 1 : 0;
  v[0] = number(found) / number(j.relevant);
}

void multiple_r_precision(const Query& q, const Parameters& p, Values v) {
  add_multiple_r_precisions(*q.judged, p.numbers, v);
}

// The highest precision from the rank on where a share of the relevant documents is found; a share of the relevant is
// rounded to the nearest number (lround, since trec_eval 10). A share that was never reached: nothing. visit(index, P).
template <class Visit>
void each_interpolated(const Judged& j, std::span<const double> shares, Visit&& visit) {
  std::vector<std::int64_t> cuts;
  for (const double share : shares) cuts.push_back(std::lround(share * number(j.relevant)));
  auto cut = static_cast<std::ptrdiff_t>(cuts.size()) - 1;
  while (cut >= 0 && cuts[static_cast<std::size_t>(cut)] > j.relevant_retrieved) --cut;
  double best = number(j.relevant_retrieved) / number(j.retrieved());
  std::int64_t found = j.relevant_retrieved;
  for (std::int64_t i = j.retrieved(); i > 0 && found > 0; --i) {
    best = std::max(best, number(found) / number(i));
    if (!j.is_relevant(static_cast<std::size_t>(i - 1))) continue;
    while (cut >= 0 && found == cuts[static_cast<std::size_t>(cut)]) visit(static_cast<std::size_t>(cut--), best);
    --found;
  }
  while (cut >= 0) visit(static_cast<std::size_t>(cut--), best);
}

void interpolated_precision(const Query& q, const Parameters& p, Values v) {
  each_interpolated(*q.judged, p.numbers, [&](std::size_t i, double precision) { v[i] = precision; });
}

void eleven_points(const Query& q, const Parameters& p, Values v) {
  double sum = 0;
  each_interpolated(*q.judged, p.numbers, [&](std::size_t, double precision) { sum += precision; });
  v[0] = sum / static_cast<double>(p.numbers.size());
}

constexpr double kElevenPoints[] = {0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1};
constexpr double kSuccess[] = {1, 5, 10};
constexpr double kUnjudged[] = {5, 10, 20};

constexpr Measure kMeasures[] = {
    {"P", "precision at cuts; a short ranking is divided by the cut all the same", Needs::judged, precision,
     Total::mean, Shown::number, Takes::cuts, kCuts},
    {"recall", "recall at cuts", Needs::judged, recall, Total::mean, Shown::number, Takes::cuts, kCuts},
    {"relative_P", "precision at cuts over the best possible one", Needs::judged, relative_precision, Total::mean,
     Shown::number, Takes::cuts, kCuts},
    {"success", "1 when a relevant document is before the cut", Needs::judged, success, Total::mean, Shown::number,
     Takes::cuts, kSuccess},
    {"unj", "share of documents before the cut without a judgment", Needs::judged, unjudged, Total::mean, Shown::number,
     Takes::cuts, kUnjudged},
    {"map_cut", "average precision of the ranking down to the cut", Needs::judged, average_precision_at, Total::mean,
     Shown::number, Takes::cuts, kCuts},
    {"Rprec", "precision at the rank R, the number of relevant documents", Needs::judged, r_precision},
    {"Rprec_mult", "precision at multiples of R", Needs::judged, multiple_r_precision, Total::mean, Shown::number,
     Takes::shares, kRShares},
    {"iprec_at_recall", "interpolated precision at levels of recall", Needs::judged, interpolated_precision,
     Total::mean, Shown::number, Takes::shares, kElevenPoints},
    {"11pt_avg", "mean of interpolated precisions", Needs::judged, eleven_points, Total::mean, Shown::number,
     Takes::numbers, kElevenPoints},
};

}  // namespace

void add_precisions(const Judged& judged, std::span<const double> cuts, std::span<double> values) {
  each_relevant_cut(judged, cuts, [&](std::size_t c, double cut, std::int64_t n) { values[c] += number(n) / cut; });
}

void add_multiple_r_precisions(const Judged& j, std::span<const double> shares, std::span<double> values) {
  std::vector<std::int64_t> cuts;  // + 0.9: rounded up, but for shares that are whole in all but the last bits
  for (const double share : shares) cuts.push_back(static_cast<std::int64_t>(share * number(j.relevant) + 0.9));
  auto cut = static_cast<std::ptrdiff_t>(cuts.size()) - 1;
  const auto at = [&] { return static_cast<std::size_t>(cut); };
  for (; cut >= 0 && cuts[at()] > j.retrieved(); --cut) {
    values[at()] += number(j.relevant_retrieved) / number(cuts[at()]);
  }
  std::int64_t found = j.relevant_retrieved;
  for (std::int64_t i = j.retrieved(); i > 0 && found > 0; --i) {
    for (; cut >= 0 && i == cuts[at()]; --cut) values[at()] += number(found) / number(i);
    if (j.is_relevant(static_cast<std::size_t>(i - 1))) --found;
  }
}

std::span<const Measure> precision_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
