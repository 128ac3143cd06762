// SPDX-License-Identifier: Apache-2.0
// BM25 as a pair of sparse vectors: a document is a row of saturated term frequencies, a query a row of inverse
// document frequencies, and their dot product is the score. The index/postings of a collection compute the same sums
// without rows; this family is for those who want the vectors, and the reference for the index's tests.
#include "model/bm25/bm25.hpp"

#include <cmath>

#include "formats/saved_family.hpp"
#include "tokens/counting/fitted_counts.hpp"

namespace isogloss::model {
namespace {

struct Bm25Options {
  Bm25Options() { features.analyzer = "english"; }

  double k1 = 1.2;
  double b = 0.75;
  tokens::FeatureOptions features;
  tokens::LimitOptions limits;
  std::string documents = "drop";
};

template <class Visitor>
void describe(Bm25Options& o, Visitor& v) {
  v("k1", o.k1, Range{0, 1000}, "How slowly repeated terms saturate.");
  v("b", o.b, Range{0, 1}, "How much long documents are held back: 0 = not at all.");
  tokens::describe_features(o.features, v);
  tokens::describe_limits(o.limits, v);
  v("documents", o.documents, Choice{tokens::kKeepChoices}, "Keep the documents, from which words get vectors.");
}

class Bm25Rule {
 public:
  using Options = Bm25Options;
  static constexpr std::string_view kFamily = "bm25";
  static constexpr bool kUsesFrequency = true, kUsesLength = true;

  explicit Bm25Rule(const Options& options) : k1_(options.k1), b_(options.b) {}

  tokens::Occurrence occurrence() const { return tokens::Occurrence::every; }

  // idf(t) = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5)), never negative (Lucene's BM25Similarity).
  void learn(const tokens::Corpus& corpus) {
    mean_length_ = corpus.mean_length;
    idf_.clear();
    for (const std::uint32_t df : corpus.document_frequency) {
      const double n = static_cast<double>(corpus.documents);
      idf_.push_back(std::log(1.0 + (n - df + 0.5) / (df + 0.5)));
    }
  }

  // Document: tf / (tf + k1 (1 - b + b length / mean length)), Robertson and Zaragoza (2009), equation 3.14, without
  // the constant factor (k1 + 1), as Lucene 8 and later. Query: idf, once per occurrence.
  void weigh(const tokens::CountView& row, Role role, std::span<float> values) const {
    const double relative = mean_length_ > 0 ? row.units / mean_length_ : 1.0;
    const double held_back = k1_ * (1.0 - b_ + b_ * relative);
    for (std::size_t k = 0; k < row.columns.size(); ++k) {
      const double tf = row.counts[k];
      values[k] = static_cast<float>(role == Role::query ? tf * idf_[row.columns[k]] : tf / (tf + held_back));
    }
  }

  void describe(Card& card) const {
    card.metric = Metric::dot;
    std::string length;
    append_number(length, mean_length_);
    card.facts["mean_length"] = length;
  }

 private:
  double k1_, b_;
  double mean_length_ = 0;   // terms per document
  std::vector<double> idf_;  // (features)
};

}  // namespace

const Family& bm25_family() {
  static const Family family = formats::saved_family<tokens::FittedCounts<Bm25Rule, formats::ModelFolder>>(
      "BM25", "counting", "Saturated term frequencies for documents, inverse document frequencies for queries.");
  return family;
}

}  // namespace isogloss::model
