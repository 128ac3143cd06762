// SPDX-License-Identifier: Apache-2.0
// The only list of trec_eval's measures, in the order it prints them, and its names for sets of them.
#include <algorithm>
#include <array>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

constexpr std::string_view kOrder[] = {"runid",
                                       "num_q",
                                       "num_ret",
                                       "num_rel",
                                       "num_rel_ret",
                                       "map",
                                       "gm_map",
                                       "Rprec",
                                       "bpref",
                                       "recip_rank",
                                       "iprec_at_recall",
                                       "P",
                                       "relstring",
                                       "recall",
                                       "infAP",
                                       "gm_bpref",
                                       "Rprec_mult",
                                       "utility",
                                       "11pt_avg",
                                       "binG",
                                       "G",
                                       "dcg",
                                       "ideal_dcg",
                                       "ndcg",
                                       "ndcg_rel",
                                       "Rndcg",
                                       "ndcg_cut",
                                       "map_cut",
                                       "relative_P",
                                       "success",
                                       "set_P",
                                       "set_relative_P",
                                       "set_recall",
                                       "set_map",
                                       "set_F",
                                       "num_nonrel_judged_ret",
                                       "prefs_num_prefs_poss",
                                       "prefs_num_prefs_ful",
                                       "prefs_num_prefs_ful_ret",
                                       "prefs_simp",
                                       "prefs_pair",
                                       "prefs_avgjg",
                                       "prefs_avgjg_Rnonrel",
                                       "prefs_simp_ret",
                                       "prefs_pair_ret",
                                       "prefs_avgjg_ret",
                                       "prefs_avgjg_Rnonrel_ret",
                                       "prefs_simp_imp",
                                       "prefs_pair_imp",
                                       "prefs_avgjg_imp",
                                       "map_avgjg",
                                       "P_avgjg",
                                       "Rprec_mult_avgjg",
                                       "yaap",
                                       "rbp",
                                       "rbp_resid",
                                       "unj"};

constexpr std::string_view kOfficial[] = {"runid",  "num_q", "num_ret", "num_rel",    "num_rel_ret",     "map",
                                          "gm_map", "Rprec", "bpref",   "recip_rank", "iprec_at_recall", "P"};
constexpr std::string_view kAllTrec[] = {"runid",
                                         "num_q",
                                         "num_ret",
                                         "num_rel",
                                         "num_rel_ret",
                                         "map",
                                         "gm_map",
                                         "Rprec",
                                         "bpref",
                                         "recip_rank",
                                         "iprec_at_recall",
                                         "P",
                                         "relstring",
                                         "recall",
                                         "unj",
                                         "rbp",
                                         "rbp_resid",
                                         "infAP",
                                         "gm_bpref",
                                         "utility",
                                         "11pt_avg",
                                         "ndcg",
                                         "relative_P",
                                         "Rprec_mult",
                                         "success",
                                         "map_cut",
                                         "ndcg_cut",
                                         "ndcg_rel",
                                         "Rndcg",
                                         "binG",
                                         "G",
                                         "set_P",
                                         "set_recall",
                                         "set_relative_P",
                                         "set_map",
                                         "set_F",
                                         "num_nonrel_judged_ret"};
constexpr std::string_view kSet[] = {"runid", "num_q",      "num_ret",        "num_rel", "num_rel_ret", "utility",
                                     "set_P", "set_recall", "set_relative_P", "set_map", "set_F"};
constexpr std::string_view kPrefs[] = {
    "runid",      "num_q",      "prefs_num_prefs_poss", "prefs_num_prefs_ful", "prefs_num_prefs_ful_ret",
    "prefs_simp", "prefs_pair", "prefs_avgjg"};
constexpr std::string_view kAllPrefs[] = {"runid",
                                          "num_q",
                                          "prefs_num_prefs_poss",
                                          "prefs_num_prefs_ful",
                                          "prefs_num_prefs_ful_ret",
                                          "prefs_simp",
                                          "prefs_pair",
                                          "prefs_avgjg",
                                          "prefs_avgjg_Rnonrel",
                                          "prefs_simp_ret",
                                          "prefs_pair_ret",
                                          "prefs_avgjg_ret",
                                          "prefs_avgjg_Rnonrel_ret",
                                          "prefs_simp_imp",
                                          "prefs_pair_imp",
                                          "prefs_avgjg_imp"};
constexpr std::string_view kGroups[] = {"runid", "num_q", "map_avgjg", "P_avgjg", "Rprec_mult_avgjg"};

std::vector<const Measure*> ordered() {
  std::vector<const Measure*> all(std::size(kOrder), nullptr);
  for (const auto group : {count_measures(), set_measures(), precision_measures(), average_precision_measures(),
                           gain_measures(), persistence_measures(), group_measures(), preference_measures()}) {
    for (const Measure& measure : group) {
      all[static_cast<std::size_t>(std::ranges::find(kOrder, measure.name) - std::begin(kOrder))] = &measure;
    }
  }
  return all;
}

}  // namespace

std::span<const Measure* const> measures() {
  static const std::vector<const Measure*> all = ordered();
  return all;
}

std::span<const std::string_view> nickname(std::string_view name) {
  if (name == "official") return kOfficial;
  if (name == "all_trec") return kAllTrec;
  if (name == "set") return kSet;
  if (name == "prefs") return kPrefs;
  if (name == "all_prefs") return kAllPrefs;
  if (name == "qrels_jg") return kGroups;
  return {};
}

}  // namespace isogloss::evaluation::trec
