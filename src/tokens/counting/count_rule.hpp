// SPDX-License-Identifier: Apache-2.0
// The rule of bag of words and n-grams (fitted_counts.hpp): the count itself, or 1, scaled to a norm.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tokens/counting/fitted_counts.hpp"
#include "tokens/counting/tfidf_weights.hpp"

namespace isogloss::tokens {

struct CountOptions {
  FeatureOptions features;
  LimitOptions limits;
  bool binary = false;
  std::string norm = "none";
  std::string documents = "auto";
};

template <class Visitor>
void describe_counts(CountOptions& o, Visitor& v, std::string_view help_of_binary) {
  describe_features(o.features, v);
  describe_limits(o.limits, v);
  v("binary", o.binary, help_of_binary);
  v("norm", o.norm, Choice{"none|l1|l2"}, "Norm that every row is scaled to.");
  v("documents", o.documents, Choice{kKeepChoices}, "Keep the documents, from which words get vectors.");
}

class CountRule {
 public:
  static constexpr bool kUsesFrequency = false, kUsesLength = false;

  explicit CountRule(const CountOptions& options) : binary_(options.binary), norm_(parse_norm(options.norm)) {}

  Occurrence occurrence() const { return binary_ ? Occurrence::once : Occurrence::every; }
  void learn(const Corpus&) {}
  void weigh(const CountView& row, Role, std::span<float> values) const {
    tfidf_weigh(row, {}, binary_ ? TermFrequency::once : TermFrequency::count, norm_, values);
  }
  void describe(Card& card) const { card.normalized = norm_ == Norm::l2; }

 private:
  bool binary_;
  Norm norm_;
};

}  // namespace isogloss::tokens
