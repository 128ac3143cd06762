// SPDX-License-Identifier: Apache-2.0
// Measures of preferences (-R prefs, qrels_prefs): the share of judged preferences a ranking fulfils (Carterette and
// Bennett 2008; trec_eval's variants). "ret": both documents retrieved; "imp": or one of them; else all.
#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

using Values = std::span<double>;

enum class Over { retrieved, implied, all };

std::int64_t fulfilled(const PreferenceGroup& g, Over over) {
  return g.fulfilled + (over == Over::retrieved ? 0 : g.implied_fulfilled);
}
std::int64_t possible(const PreferenceGroup& g, Over over) {
  return g.possible + (over == Over::retrieved ? 0 : g.implied_possible) + (over == Over::all ? g.not_retrieved : 0);
}
double ratio(std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

template <Over over>
void fulfilled_count(const Query& q, const Parameters&, Values v) {
  for (const PreferenceGroup& g : q.preferences->groups) v[0] += static_cast<double>(fulfilled(g, over));
}
void possible_count(const Query& q, const Parameters&, Values v) {
  for (const PreferenceGroup& g : q.preferences->groups) v[0] += static_cast<double>(possible(g, Over::all));
}

template <Over over>
void simple(const Query& q, const Parameters&, Values v) {
  std::int64_t good = 0, of = 0;
  for (const PreferenceGroup& g : q.preferences->groups) {
    good += fulfilled(g, over);
    of += possible(g, over);
  }
  if (of > 0) v[0] = ratio(good, of);
}

template <Over over>
void group_mean(const Query& q, const Parameters&, Values v) {
  double sum = 0;
  for (const PreferenceGroup& g : q.preferences->groups) {
    if (possible(g, over) > 0) sum += ratio(fulfilled(g, over), possible(g, over));
  }
  if (sum > 0) v[0] = sum / static_cast<double>(q.preferences->groups.size());
}

// Of every pair of documents the share of groups that agree with the ranking; a pair that was not retrieved counts as
// not fulfilled.
template <Over over>
void pair_mean(const Query& q, const Parameters&, Values v) {
  const Preferences& p = *q.preferences;
  double sum = 0;
  std::int64_t pairs = 0;
  const auto add = [&](std::size_t a, std::size_t b) {
    const double good = p.counts[a * p.judged + b], bad = p.counts[b * p.judged + a];
    if (good + bad == 0) return;
    ++pairs;
    if (a < p.retrieved) sum += good / (good + bad);
  };
  for (std::size_t a = 0; a < p.retrieved; ++a) {
    for (std::size_t b = a + 1; b < p.retrieved; ++b) add(a, b);
  }
  for (std::size_t a = 0; over != Over::retrieved && a < p.retrieved; ++a) {
    for (std::size_t b = p.retrieved; b < p.judged; ++b) add(a, b);
  }
  for (std::size_t a = p.retrieved; over == Over::all && a < p.judged; ++a) {
    for (std::size_t b = a + 1; b < p.judged; ++b) add(a, b);
  }
  if (pairs > 0) v[0] = sum / static_cast<double>(pairs);
}

struct Share {
  std::int64_t fulfilled = 0, unfulfilled = 0;
};

// Pairs of classes, the last class cut to its first `kept` documents. As in trec_eval, the documents kept are also
// compared with all of their own class.
Share recount_classes(const PreferenceGroup& g, std::size_t retrieved, std::int64_t kept, bool retrieved_only) {
  Share share;
  const auto add = [&](std::uint32_t a, std::uint32_t b) {
    if (retrieved_only && (a >= retrieved || b >= retrieved)) return;
    ++(a < b && a < retrieved ? share.fulfilled : share.unfulfilled);
  };
  const std::vector<std::uint32_t>& last = g.classes.back().documents;
  const std::span<const std::uint32_t> others(last.data(), std::min(last.size(), static_cast<std::size_t>(kept)));
  for (std::size_t better = 0; better < g.classes.size(); ++better) {
    for (const std::uint32_t a : g.classes[better].documents) {
      for (std::size_t worse = better + 1; worse + 1 < g.classes.size(); ++worse) {
        for (const std::uint32_t b : g.classes[worse].documents) add(a, b);
      }
      for (const std::uint32_t b : others) add(a, b);
    }
  }
  return share;
}

// The same of a matrix: documents of level 0 after the first `relevant` of them are left out.
Share recount_matrix(const PreferenceGroup& g, std::size_t judged, std::size_t retrieved, bool retrieved_only) {
  const std::size_t end = retrieved_only ? retrieved : judged;
  std::vector<std::size_t> kept;
  std::int64_t others = 0;
  bool full = false;
  for (std::size_t i = 0; i < end; ++i) {
    if (g.level[i] == 0.0 && (full = full || ++others == g.relevant + 1)) continue;
    kept.push_back(i);
  }
  Share share;
  for (const std::size_t a : kept) {
    for (const std::size_t b : kept) {
      if (g.preferred[a * judged + b] != 0) ++(a < b && a < retrieved ? share.fulfilled : share.unfulfilled);
    }
  }
  return share;
}

// As many not relevant documents as relevant ones: too many are left out, too few are made up below the others.
template <bool retrieved_only>
void balanced(const Query& q, const Parameters&, Values v) {
  const Preferences& p = *q.preferences;
  double sum = 0;
  for (const PreferenceGroup& g : p.groups) {
    const std::int64_t relevant = retrieved_only ? g.relevant_retrieved : g.relevant;
    const std::int64_t others = retrieved_only ? g.other_retrieved : g.other;
    if (relevant >= others) {
      constexpr Over over = retrieved_only ? Over::retrieved : Over::all;
      sum += ratio(fulfilled(g, over) + g.relevant_retrieved * (relevant - others),
                   possible(g, over) + g.relevant * (relevant - others));
      continue;
    }
    const Share share = g.classes.empty() ? recount_matrix(g, p.judged, p.retrieved, retrieved_only)
                                          : recount_classes(g, p.retrieved, relevant, retrieved_only);
    sum += ratio(share.fulfilled, share.fulfilled + share.unfulfilled);
  }
  if (sum > 0) v[0] = sum / static_cast<double>(p.groups.size());
}

constexpr Needs kPrefs = Needs::preferences;

constexpr Measure kMeasures[] = {
    {"prefs_num_prefs_poss", "preferences", kPrefs, possible_count, Total::sum, Shown::count},
    {"prefs_num_prefs_ful", "preferences fulfilled", kPrefs, fulfilled_count<Over::implied>, Total::sum, Shown::count},
    {"prefs_num_prefs_ful_ret", "preferences fulfilled, both retrieved", kPrefs, fulfilled_count<Over::retrieved>,
     Total::sum, Shown::count},
    {"prefs_simp", "share of preferences fulfilled", kPrefs, simple<Over::all>},
    {"prefs_simp_ret", "of those with both retrieved", kPrefs, simple<Over::retrieved>},
    {"prefs_simp_imp", "of those with one retrieved or both", kPrefs, simple<Over::implied>},
    {"prefs_pair", "mean over pairs of documents", kPrefs, pair_mean<Over::all>},
    {"prefs_pair_ret", "mean over pairs retrieved", kPrefs, pair_mean<Over::retrieved>},
    {"prefs_pair_imp", "mean over pairs with one retrieved or both", kPrefs, pair_mean<Over::implied>},
    {"prefs_avgjg", "mean over judgment groups", kPrefs, group_mean<Over::all>},
    {"prefs_avgjg_ret", "mean over groups, both retrieved", kPrefs, group_mean<Over::retrieved>},
    {"prefs_avgjg_imp", "mean over groups, one retrieved or both", kPrefs, group_mean<Over::implied>},
    {"prefs_avgjg_Rnonrel", "mean over groups with as many not relevant documents as relevant", kPrefs,
     balanced<false>},
    {"prefs_avgjg_Rnonrel_ret", "the same, both retrieved", kPrefs, balanced<true>},
};

}  // namespace

std::span<const Measure> preference_measures() { return kMeasures; }

}  // namespace isogloss::evaluation::trec
