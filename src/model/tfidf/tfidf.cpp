// SPDX-License-Identifier: Apache-2.0
// TF-IDF: counts of words or n-grams, weighted by how rare they are (README.md has the formula). Fitting counts; the
// model is the vocabulary, the document frequencies, and, while they are few enough, the weighted documents, from which
// words get vectors of their own.
#include "model/tfidf/tfidf.hpp"

#include "formats/saved_family.hpp"
#include "tokens/counting/fitted_counts.hpp"
#include "tokens/counting/tfidf_weights.hpp"

namespace isogloss::model {
namespace {

struct TfidfOptions {
  tokens::FeatureOptions features;
  tokens::LimitOptions limits;
  bool binary = false;
  bool use_idf = true;
  bool smooth_idf = true;
  bool sublinear_tf = false;
  std::string norm = "l2";
  std::string documents = "auto";
};

template <class Visitor>
void describe(TfidfOptions& o, Visitor& v) {
  tokens::describe_features(o.features, v);
  tokens::describe_limits(o.limits, v);
  v("binary", o.binary, "Count every feature of a text once.");
  v("use_idf", o.use_idf, "Weight by inverse document frequency.");
  v("smooth_idf", o.smooth_idf, "Count document frequencies as if one more text held every feature.");
  v("sublinear_tf", o.sublinear_tf, "Use 1 + ln(count) for the count.");
  v("norm", o.norm, Choice{"l2|l1|none"}, "Norm that every row is scaled to.");
  v("documents", o.documents, Choice{tokens::kKeepChoices}, "Keep the documents, from which words get vectors.");
}

class TfidfRule {
 public:
  using Options = TfidfOptions;
  static constexpr std::string_view kFamily = "tfidf";
  static constexpr bool kUsesFrequency = true, kUsesLength = false;

  explicit TfidfRule(const Options& options)
      : options_(options),
        norm_(tokens::parse_norm(options.norm)),
        frequency_(options.binary         ? tokens::TermFrequency::once
                   : options.sublinear_tf ? tokens::TermFrequency::logarithm
                                          : tokens::TermFrequency::count) {}

  tokens::Occurrence occurrence() const {
    return options_.binary ? tokens::Occurrence::once : tokens::Occurrence::every;
  }

  void learn(const tokens::Corpus& corpus) {
    using tokens::Smoothing;
    idf_.clear();
    if (!options_.use_idf) return;
    idf_ = tokens::inverse_document_frequency(corpus.document_frequency, corpus.documents,
                                              options_.smooth_idf ? Smoothing::one : Smoothing::none);
  }

  void weigh(const tokens::CountView& row, Role, std::span<float> values) const {
    tokens::tfidf_weigh(row, idf_, frequency_, norm_, values);
  }

  void describe(Card& card) const { card.normalized = norm_ == tokens::Norm::l2; }

 private:
  Options options_;
  tokens::Norm norm_;
  tokens::TermFrequency frequency_;
  std::vector<double> idf_;  // (features), empty without idf
};

}  // namespace

const Family& tfidf_family() {
  static const Family family = formats::saved_family<tokens::FittedCounts<TfidfRule, formats::ModelFolder>>(
      "TF-IDF", "counting", "Counts of words or n-grams, weighted by how rare they are.");
  return family;
}

}  // namespace isogloss::model
