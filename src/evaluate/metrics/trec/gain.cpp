// SPDX-License-Identifier: Apache-2.0
// Discounted gain: ndcg and its variants (Järvelin and Kekäläinen 2002; the discount is log2(rank + 1) from the first
// rank on), G and binG. Gains may be given per level, "ndcg.1=3.5,2=9"; a level without one earns its number, what is
// not judged earns nothing. Gains are ordered by value; trec_eval orders by their difference cut to a whole number, so
// gains closer than 1 may stand in another order there.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

double discount(std::size_t rank) { return std::log2(static_cast<double>(rank + 2)); }

// Walks the best possible ranking: one step a document, best gain first.
class Ideal {
 public:
  explicit Ideal(const Gains& gains)
      : gains_(gains.ascending()), level_(static_cast<std::ptrdiff_t>(gains_.size()) - 1) {
    read();
  }
  double gain() const { return gain_; }
  void step() {
    ++used_;
    while (level_ >= 0 && used_ > gains_[static_cast<std::size_t>(level_)].documents) {
      used_ = 1;
      --level_;
      read();
    }
  }

 private:
  void read() { gain_ = level_ >= 0 ? gains_[static_cast<std::size_t>(level_)].gain : 0.0; }
  std::span<const Gain> gains_;
  std::ptrdiff_t level_;
  std::int64_t used_ = 0;
  double gain_ = 0;
};

double discounted(const Judged& j, const Gains& gains) {
  double sum = 0;
  for (std::size_t i = 0; i < j.relevance.size(); ++i) {
    const double gain = gains.of(j.relevance[i]);
    if (gain != 0) sum += gain / discount(i);
  }
  return sum;
}

// Discounted gain of the best ranking down to every rank. (documents with a gain > 0)
std::vector<double> ideal_sums(const Gains& gains) {
  std::vector<double> sums;
  Ideal ideal(gains);
  double sum = 0;
  while (ideal.gain() > 0) {
    ideal.step();
    if (ideal.gain() <= 0) break;
    sum += ideal.gain() / discount(sums.size());
    sums.push_back(sum);
  }
  return sums;
}

double last(const std::vector<double>& sums) { return sums.empty() ? 0.0 : sums.back(); }

void dcg(const Query& q, const Parameters& p, Values v) { v[0] = discounted(*q.judged, Gains(*q.judged, p)); }
void ideal_dcg(const Query& q, const Parameters& p, Values v) { v[0] = last(ideal_sums(Gains(*q.judged, p))); }
void ndcg(const Query& q, const Parameters& p, Values v) {
  const Gains gains(*q.judged, p);
  const double best = last(ideal_sums(gains));
  if (best > 0) v[0] = discounted(*q.judged, gains) / best;
}

// Mean of the ndcg at the ranks of the relevant documents; those not retrieved count with the ndcg of the whole.
void ndcg_rel(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  const Gains gains(j, p);
  const std::vector<double> ideal = ideal_sums(gains);
  if (ideal.empty()) return;
  double got = 0, sum = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < j.relevance.size(); ++i) {
    const double gain = gains.of(j.relevance[i]);
    if (gain != 0) got += gain / discount(i);
    if (gain <= 0) continue;
    sum += got / ideal[std::min(i, ideal.size() - 1)];
    ++found;
  }
  sum += (static_cast<double>(ideal.size()) - static_cast<double>(found)) * got / ideal.back();
  if (sum > 0) v[0] = sum / static_cast<double>(ideal.size());
}

// Mean of the ndcg at the ranks where the best ranking falls to a lower gain (experimental in trec_eval).
void r_ndcg(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  if (j.relevant == 0) return;
  const Gains gains(j, p);
  Ideal ideal(gains);
  double got = 0, best = 0, sum = 0, before = ideal.gain();
  std::size_t falls = 0, i = 0;
  const auto add = [&] {
    if (best <= 0) return;
    sum += got / best;
    ++falls;
  };
  const auto step = [&] {
    ideal.step();
    if (before != ideal.gain()) add();
    before = ideal.gain();
  };
  const auto collect = [&](std::size_t rank) {
    const double gain = gains.of(j.relevance[rank]);
    if (gain != 0) got += gain / discount(rank);
  };
  for (; i < j.relevance.size() && ideal.gain() > 0; ++i) {
    step();
    collect(i);
    if (ideal.gain() > 0) best += ideal.gain() / discount(i);
  }
  if (i < j.relevance.size()) {
    while (i < j.relevance.size()) collect(i++);
    add();
  }
  for (; ideal.gain() > 0; ++i) {
    step();
    if (ideal.gain() > 0) best += ideal.gain() / discount(i);
  }
  v[0] = sum / static_cast<double>(falls);
}

// ndcg of the ranking down to the cut, over that of the best ranking down to the cut; the gain is the relevance.
void ndcg_cut(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  const std::vector<double> ideal = ideal_sums(Gains(j, {}));
  double sum = 0;
  std::size_t i = 0;
  for (std::size_t c = 0; c < p.numbers.size(); ++c) {
    const auto cut = static_cast<std::size_t>(p.numbers[c]);
    for (; i < std::min(cut, j.relevance.size()); ++i) {
      if (j.relevance[i] > 0) sum += static_cast<double>(j.relevance[i]) / discount(i);
    }
    v[c] = ideal.empty() ? sum : sum / ideal[std::min(cut, ideal.size()) - 1];
  }
}

// G (Sakai 2005, as trec_eval's): gain over the logarithm of what the best ranking would have had beyond what was got.
void g_measure(const Query& q, const Parameters& p, Values v) {
  const Judged& j = *q.judged;
  const Gains gains(j, p);
  Ideal ideal(gains);
  double sum = 0, got = 0, best = 0, cost = 0;
  const auto ideal_step = [&] {
    ideal.step();
    if (ideal.gain() > 0) best += ideal.gain();
  };
  for (const std::int64_t relevance : j.relevance) {
    const double gain = gains.of(relevance);
    got += gain;
    if (ideal.gain() > 0) {
      ideal_step();
      cost += std::max(ideal.gain(), 1.0);
    } else {
      cost += 1.0;
    }
    if (gain != 0) sum += gain / std::log2(2 + cost - got);
  }
  while (ideal.gain() > 0) ideal_step();
  if (best > 0) v[0] = sum / best;
}

void binary_g(const Query& q, const Parameters&, Values v) {
  const Judged& j = *q.judged;
  double sum = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < j.relevance.size(); ++i) {
    if (j.is_relevant(i)) sum += 1.0 / std::log2(static_cast<double>(3 + i - ++found));
  }
  if (found > 0) v[0] = sum / static_cast<double>(j.relevant);
}

constexpr Measure kMeasures[] = {
    {"dcg", "discounted gain", Needs::judged, dcg, Total::mean, Shown::number, Takes::pairs},
    {"ideal_dcg", "discounted gain of the best ranking", Needs::judged, ideal_dcg, Total::mean, Shown::number,
     Takes::pairs},
    {"ndcg", "discounted gain over that of the best ranking", Needs::judged, ndcg, Total::mean, Shown::number,
     Takes::pairs},
    {"ndcg_rel", "mean ndcg at the relevant documents", Needs::judged, ndcg_rel, Total::mean, Shown::number,
     Takes::pairs},
    {"Rndcg", "mean ndcg where the best ranking falls to a lower gain", Needs::judged, r_ndcg, Total::mean,
     Shown::number, Takes::pairs},
    {"ndcg_cut", "ndcg at cuts", Needs::judged, ndcg_cut, Total::mean, Shown::number, Takes::cuts, kCuts},
    {"G", "gain normalised by the gain that could have been", Needs::judged, g_measure, Total::mean, Shown::number,
     Takes::pairs},
    {"binG", "G of two levels", Needs::judged, binary_g},
};

}  // namespace

Gains::Gains(const Judged& judged, const Parameters& parameters) {
  for (const auto& [name, gain] : parameters.pairs) {
    std::int64_t level = 0;
    const std::string_view digits = std::string_view(name).substr(name.starts_with('+') ? 1 : 0);
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), level);
    if (r.ec == std::errc() && r.ptr == digits.data() + digits.size()) gains_.push_back({level, 0, gain});
  }
  for (std::size_t l = 0; l < judged.levels.size(); ++l) {
    const auto level = static_cast<std::int64_t>(l);
    const auto given = std::ranges::find(gains_, level, &Gain::level);
    if (given != gains_.end()) {
      given->documents = judged.levels[l];
      table_.push_back(given->gain);
    } else {
      gains_.push_back({level, judged.levels[l], static_cast<double>(level)});
      table_.push_back(static_cast<double>(level));
    }
  }
  std::ranges::stable_sort(gains_, {}, &Gain::gain);
  for (const Gain& g : gains_) {
    if (g.level < 0 || g.level >= static_cast<std::int64_t>(table_.size())) others_.emplace_back(g.level, g.gain);
  }
}

double Gains::of(std::int64_t level) const {
  if (level >= 0 && level < static_cast<std::int64_t>(table_.size())) return table_[static_cast<std::size_t>(level)];
  for (const auto& [known, gain] : others_) {
    if (known == level) return gain;
  }
  return 0;
}

std::span<const Measure> gain_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
