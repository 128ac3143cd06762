// SPDX-License-Identifier: Apache-2.0
// N-grams: a column per run of n words or characters of the fitted corpus, its count as the value (README.md). Bag of
// words with a sense of order.
#include "model/ngram/ngram.hpp"

#include "formats/saved_family.hpp"
#include "tokens/counting/count_rule.hpp"

namespace isogloss::model {
namespace {

struct NgramOptions : tokens::CountOptions {
  NgramOptions() { features.ngram_range = {"2", "2"}; }
};

template <class Visitor>
void describe(NgramOptions& o, Visitor& v) {
  tokens::describe_counts(o, v, "Count every n-gram of a text once.");
}

struct NgramRule : tokens::CountRule {
  using Options = NgramOptions;
  static constexpr std::string_view kFamily = "ngram";
  using CountRule::CountRule;
};

}  // namespace

const Family& ngram_family() {
  static const Family family = formats::saved_family<tokens::FittedCounts<NgramRule, formats::ModelFolder>>(
      "N-grams", "counting", "How often each run of n words or characters stands in a text.");
  return family;
}

}  // namespace isogloss::model
