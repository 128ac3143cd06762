// SPDX-License-Identifier: Apache-2.0
// The frame of a counting family: options, fit, card, model folder and back. What is its own is a Rule:
//
//   class TfidfRule {
//     using Options = TfidfOptions;         with members `features`, `limits` and `documents`
//     static constexpr std::string_view kFamily = "tfidf";
//     static constexpr bool kUsesFrequency, kUsesLength;     what of the corpus weigh() needs, so what is saved
//     explicit TfidfRule(const Options& options);
//     Occurrence occurrence() const;
//     void learn(const Corpus& corpus);                      after a fit or when opened, before the first weigh()
//     void weigh(const CountView& row, Role role, std::span<float> values) const;
//     void describe(Card& card) const;                       metric, norm, facts
//   };
//
// Folder = formats::ModelFolder, handed in by the family because tokens/ knows no formats.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/describe.hpp"
#include "tokens/counting/counting_model.hpp"

namespace isogloss::tokens {

// Figures of the fitted corpus.
struct Corpus {
  std::size_t documents = 0;
  double mean_length = 0;                         // terms per document
  std::vector<std::uint32_t> document_frequency;  // (features), empty unless the rule uses it
};

template <class Rule, class Folder>
class FittedCounts final : public CountingModel {
 public:
  using Options = typename Rule::Options;
  static constexpr std::string_view kFamily = Rule::kFamily;

  explicit FittedCounts(Options options) : options_(std::move(options)), rule_(options_) {}

  Status train(const Dataset& data, Context& context) {
    const FeatureSpec spec = IG_TRY(make_feature_spec(options_.features));
    IG_TRY(fit(data, spec, options_.limits, rule_.occurrence(), parse_keep(options_.documents), context));
    finish(data.description());
    return {};
  }

  Status open(const typename Folder::Source& source) {
    features_ = IG_TRY(read_features(options_.features, *source.files));
    corpus_.documents = static_cast<std::size_t>(source.state["documents"].as_integer());
    if constexpr (Rule::kUsesLength) corpus_.mean_length = source.state["mean_length"].as_number();
    if constexpr (Rule::kUsesFrequency) {
      const std::size_t features[] = {features_.size()};
      corpus_.document_frequency = IG_TRY(source.tensors.template read<std::uint32_t>("document_frequency", features));
    }
    IG_TRY(read_tensors(source.tensors, corpus_.documents));
    rule_.learn(corpus_);
    finish(source.trained_on);
    return {};
  }

  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    auto all = parts();
    write_tensors(all.tensors);
    return Folder::save(folder, all, card_);
  }

 private:
  void learn(const CountedFeatures& counted) override {
    corpus_.documents = counted.documents;
    corpus_.mean_length = static_cast<double>(counted.units) / static_cast<double>(counted.documents);
    if constexpr (Rule::kUsesFrequency) corpus_.document_frequency = counted.document_frequency;
    rule_.learn(corpus_);
  }

  void weigh(const CountView& row, Role role, std::span<float> values) const override {
    rule_.weigh(row, role, values);
  }

  typename Folder::Parts parts() const {
    typename Folder::Parts p;
    p.family = kFamily;
    p.options = option_values(options_);
    p.state.emplace_back("documents", Json(static_cast<std::int64_t>(corpus_.documents)));
    if constexpr (Rule::kUsesLength) p.state.emplace_back("mean_length", Json(corpus_.mean_length));
    p.trained_on = card_.trained_on;
    p.files = feature_files(features_);
    if constexpr (Rule::kUsesFrequency) {
      const auto& frequency = corpus_.document_frequency;
      p.tensors.template add<std::uint32_t>("document_frequency", {frequency.size()}, frequency);
    }
    return p;
  }

  // Rows may be compared whether or not the documents were kept, and counts alone whatever their number was.
  void finish(std::string_view trained_on) {
    describe_card(kFamily, trained_on, corpus_.documents);
    rule_.describe(card_);
    auto space = parts();
    space.options.erase("documents");
    if constexpr (!Rule::kUsesFrequency) space.state.clear();
    card_.space_id = Folder::space_id(space);
  }

  Options options_;
  Rule rule_;
  Corpus corpus_;
};

}  // namespace isogloss::tokens
