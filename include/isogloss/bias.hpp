// SPDX-License-Identifier: Apache-2.0
// What vectors associate with groups of people and things, and how to take a direction out of vectors of words.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/evaluate.hpp"
#include "isogloss/family.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// One test: lists of targets (flowers, insects) beside lists of attributes (pleasant, unpleasant).
struct BiasTest {
  std::string name;
  std::size_t found = 0, asked = 0;  // items the model knows, items there
  // WEAT and SEAT (Caliskan et al. 2017, May et al. 2019): two lists of targets and two of attributes, else NaN.
  double effect = 0;           // with n - 1
  double p = 1;                // one-sided
  std::size_t partitions = 0;  // that p was computed over
  bool exact = false;          // these are all
  // Relative negative sentiment bias (Sweeney and Najafian 2019): two lists of attributes, the pleasant one first, else
  // NaN. 0 = all targets are as unpleasant as each other.
  double rnsb = 0;
  // Mean average cosine distance (Manzini et al. 2019): 1 = targets and attributes have nothing to do with each other.
  double mac = 0;
  std::vector<double> distances;  // (target items, attribute lists) whose mean mac is
};

// The tests of a file or folder of JSON (docs/guide/bias.md) on a model of words or of texts. Tests of which the model
// knows nothing in one of the lists are left out, with a warning. record (may be null): what is needed to repeat them.
// Error{corrupt_data}: no test, or none that the model can take.
Result<std::vector<BiasTest>> measure_bias(std::string_view model, std::string_view place, const EvalOptions& options,
                                           std::map<std::string, std::string>* record, Context& context);

// Two-sided p of Student's paired t-test: whether the mean of a - b is 0. NaN: fewer than two pairs, or all differences
// equal. REQUIRES: as many values in both.
double paired_t_test(std::span<const double> a, std::span<const double> b);

// ---- Debiasing (Bolukbasi et al. 2016). A direction is the first principal component of the halves of definitional
// pairs; all vectors are scaled to length 1 before and after.
struct DebiasOptions {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  // hard: words lose their share of the direction, those of `keep` apart; pairs to equalise end up at the same distance
  // from every such word. soft: one linear map for all words that keeps products of vectors and lowers the share of the
  // direction in words that are not in `keep`.
  std::string method = "hard";
  Pairs pairs;                    // that define the direction; empty = she-he, woman-man and so on
  Pairs equalize;                 // hard; empty = `pairs`. Also tried with a capital letter and in capitals
  std::vector<std::string> keep;  // words that mean the direction; those of the pairs always do
  double strength = 0.2;          // soft: lambda, > 0
};
struct DebiasSummary {
  std::size_t words = 0, neutral = 0;        // neutral: that do not mean the direction
  std::size_t pairs = 0, equalized = 0;      // pairs whose words are known
  double explained = 0;                      // share of the direction in the variance of the pairs
  double share_before = 0, share_after = 0;  // mean |cosine| of neutral words with the direction
};
// Writes the words of `model` with changed vectors to `target`, in the form its ending says (.vec, .txt, .bin, .npy).
// Errors: not_found, no pair is known; unsupported, the model has no vectors of words; invalid_argument, the method,
// the ending, or a strength at which no map is best; already_exists.
Result<DebiasSummary> debias_words(std::string_view model, const std::filesystem::path& target,
                                   const DebiasOptions& options, Context& context);

}  // namespace isogloss
