// SPDX-License-Identifier: Apache-2.0
// The only list of trec_eval's measures, in the order it prints them, with the sets it has them in.
#include <algorithm>
#include <array>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

// The sets a measure is in; bit i = kSetNames[i].
enum : unsigned { kOfficial = 1, kAllTrec = 2, kSet = 4, kPrefs = 8, kAllPrefs = 16, kGroups = 32 };
constexpr std::string_view kSetNames[] = {"official", "all_trec", "set", "prefs", "all_prefs", "qrels_jg"};

struct Listed {
  std::string_view name;
  unsigned sets;
};
constexpr Listed kOrder[] = {
    {"runid", kOfficial | kAllTrec | kSet | kPrefs | kAllPrefs | kGroups},
    {"num_q", kOfficial | kAllTrec | kSet | kPrefs | kAllPrefs | kGroups},
    {"num_ret", kOfficial | kAllTrec | kSet},
    {"num_rel", kOfficial | kAllTrec | kSet},
    {"num_rel_ret", kOfficial | kAllTrec | kSet},
    {"map", kOfficial | kAllTrec},
    {"gm_map", kOfficial | kAllTrec},
    {"Rprec", kOfficial | kAllTrec},
    {"bpref", kOfficial | kAllTrec},
    {"recip_rank", kOfficial | kAllTrec},
    {"iprec_at_recall", kOfficial | kAllTrec},
    {"P", kOfficial | kAllTrec},
    {"relstring", kAllTrec},
    {"recall", kAllTrec},
    {"infAP", kAllTrec},
    {"gm_bpref", kAllTrec},
    {"Rprec_mult", kAllTrec},
    {"utility", kAllTrec | kSet},
    {"11pt_avg", kAllTrec},
    {"binG", kAllTrec},
    {"G", kAllTrec},
    {"dcg", 0},
    {"ideal_dcg", 0},
    {"ndcg", kAllTrec},
    {"ndcg_rel", kAllTrec},
    {"Rndcg", kAllTrec},
    {"ndcg_cut", kAllTrec},
    {"map_cut", kAllTrec},
    {"relative_P", kAllTrec},
    {"success", kAllTrec},
    {"set_P", kAllTrec | kSet},
    {"set_relative_P", kAllTrec | kSet},
    {"set_recall", kAllTrec | kSet},
    {"set_map", kAllTrec | kSet},
    {"set_F", kAllTrec | kSet},
    {"num_nonrel_judged_ret", kAllTrec},
    {"prefs_num_prefs_poss", kPrefs | kAllPrefs},
    {"prefs_num_prefs_ful", kPrefs | kAllPrefs},
    {"prefs_num_prefs_ful_ret", kPrefs | kAllPrefs},
    {"prefs_simp", kPrefs | kAllPrefs},
    {"prefs_pair", kPrefs | kAllPrefs},
    {"prefs_avgjg", kPrefs | kAllPrefs},
    {"prefs_avgjg_Rnonrel", kAllPrefs},
    {"prefs_simp_ret", kAllPrefs},
    {"prefs_pair_ret", kAllPrefs},
    {"prefs_avgjg_ret", kAllPrefs},
    {"prefs_avgjg_Rnonrel_ret", kAllPrefs},
    {"prefs_simp_imp", kAllPrefs},
    {"prefs_pair_imp", kAllPrefs},
    {"prefs_avgjg_imp", kAllPrefs},
    {"map_avgjg", kGroups},
    {"P_avgjg", kGroups},
    {"Rprec_mult_avgjg", kGroups},
    {"yaap", 0},
    {"rbp", kAllTrec},
    {"rbp_resid", kAllTrec},
    {"unj", kAllTrec},
};

std::vector<const Measure*> ordered() {
  std::vector<const Measure*> all(std::size(kOrder), nullptr);
  for (const auto group : {count_measures(), set_measures(), precision_measures(), average_precision_measures(),
                           gain_measures(), persistence_measures(), group_measures(), preference_measures()}) {
    for (const Measure& measure : group) {
      all[static_cast<std::size_t>(std::ranges::find(kOrder, measure.name, &Listed::name) - std::begin(kOrder))] =
          &measure;
    }
  }
  return all;
}

}  // namespace

std::span<const Measure* const> measures() {
  static const std::vector<const Measure*> all = ordered();
  return all;
}

std::span<const std::string_view> measure_sets() { return kSetNames; }

bool in_set(std::string_view measure, std::string_view set) {
  const auto bit = std::ranges::find(kSetNames, set) - std::begin(kSetNames);
  const auto listed = std::ranges::find(kOrder, measure, &Listed::name);
  return listed != std::end(kOrder) && (listed->sets >> bit & 1U) != 0;  // no bit stands behind the last name
}

}  // namespace isogloss::evaluation::trec
