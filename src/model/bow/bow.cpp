// SPDX-License-Identifier: Apache-2.0
// Bag of words: a column per word of the fitted corpus, its count as the value (README.md).
#include "model/bow/bow.hpp"

#include "formats/saved_family.hpp"
#include "tokens/counting/count_rule.hpp"

namespace isogloss::model {
namespace {

struct BowOptions : tokens::CountOptions {};

template <class Visitor>
void describe(BowOptions& o, Visitor& v) {
  tokens::describe_counts(o, v, "Count every word of a text once.");
}

struct BowRule : tokens::CountRule {
  using Options = BowOptions;
  static constexpr std::string_view kFamily = "bow";
  using CountRule::CountRule;
};

}  // namespace

const Family& bow_family() {
  static const Family family = formats::saved_family<tokens::FittedCounts<BowRule, formats::ModelFolder>>(
      "Bag of words", "counting", "How often each word stands in a text.");
  return family;
}

}  // namespace isogloss::model
