// SPDX-License-Identifier: Apache-2.0
// What bag of words, n-grams, TF-IDF and BM25 have in common: a FeatureSet, a rule that turns counts into weights, and
// the words seen over the documents of the fit. The frame around it, for most families, is fitted_counts.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "tokens/counting/feature_counter.hpp"
#include "tokens/counting/sparse_embedder.hpp"
#include "tokens/counting/term_documents.hpp"

namespace isogloss::tokens {

// Whether the fitted corpus stays in the model as word vectors over the documents.
enum class KeepDocuments : std::uint8_t { automatic, keep, drop };
// Entries of the document x feature matrix that `automatic` keeps: 8 bytes each.
inline constexpr std::size_t kAutomaticEntries = std::size_t{1} << 24;

// The option "documents" of the families.
inline constexpr std::string_view kKeepChoices = "auto|keep|drop";
KeepDocuments parse_keep(std::string_view text);
// The most rows to keep while counting.
std::size_t row_limit(KeepDocuments keep);

// The files that hold the features of a saved model, vocabulary.txt and analysis.json, and the features they hold.
std::map<std::string, std::string> feature_files(const FeatureSet& features);
Result<FeatureSet> read_features(const FeatureOptions& options, const FileSet& files);

// A reader of texts into rows: counts of `features`, which must outlive it, turned into weights by `weigh`.
using WeighRow = std::function<void(const CountView& row, Role role, std::span<float> values)>;
std::unique_ptr<RowReader> make_counting_reader(const FeatureSet& features, WeighRow weigh);

class CountingModel : public Model, public SparseEmbedder, public Vocabulary {
 public:
  const Card& card() const final { return card_; }

  std::size_t word_count() const final { return features_.size(); }
  // The feature itself, else the one term that the analyzer makes of the word.
  std::optional<std::size_t> find_word(std::string_view word) const final;
  std::string_view word(std::size_t index) const final { return features_.name(index); }
  std::size_t word_dimension() const final { return over_documents_.documents; }
  void word_vector(std::size_t index, std::span<float> out) const final;
  Result<std::vector<WordScore>> near(std::string_view word, std::size_t n, Context& context) const final;
  Result<std::vector<WordScore>> terms(std::size_t n, Context& context) const final;

 protected:
  CountingModel() = default;
  ~CountingModel() override = default;

  // The weights of a row of counts in the given role. Called by several threads. values: (row.columns)
  virtual void weigh(const CountView& row, Role role, std::span<float> values) const = 0;

  // Counts the data, calls learn(), weighs the documents and keeps them as told.
  Status fit(const Dataset& data, const FeatureSpec& spec, const LimitOptions& limits, Occurrence occurrence,
             KeepDocuments keep, Context& context);
  // What the rule needs to know of the counts, before the first weigh().
  virtual void learn(const CountedFeatures& counted) = 0;
  // Card fields that follow from the rest; the family adds metric, norm, facts and space.
  void describe_card(std::string_view family, std::string_view trained_on, std::size_t documents);
  const Card& embedder_card() const final { return card_; }
  std::unique_ptr<RowReader> make_reader() const final;

  // Tensors that every counting model has. Writer: formats::SafeTensorsWriter, Source: formats::SafeTensors.
  template <class Writer>
  void write_tensors(Writer& out) const;
  template <class Source>
  Status read_tensors(const Source& in, std::size_t documents);

  Card card_;
  FeatureSet features_;
  std::vector<double> weight_sums_;  // (features) over the documents of the fit
  TermDocuments over_documents_;     // documents = 0 when not kept

 private:
  const void* find(AbilityId id) const final;
  void weigh_rows(const CountRows& rows, KeepDocuments keep);
  Status weigh_again(const Dataset& data, Context& context);
};

template <class Writer>
void CountingModel::write_tensors(Writer& out) const {
  out.template add<double>("weight_sums", {weight_sums_.size()}, weight_sums_);
  if (over_documents_.documents == 0) return;
  const std::size_t entries = over_documents_.rows.size();
  out.template add<std::int64_t>("documents.starts", {over_documents_.starts.size()}, over_documents_.starts);
  out.template add<std::int32_t>("documents.rows", {entries}, over_documents_.rows);
  out.template add<float>("documents.values", {entries}, over_documents_.values);
}

template <class Source>
Status CountingModel::read_tensors(const Source& in, std::size_t documents) {
  const std::size_t features[] = {features_.size()};
  weight_sums_ = IG_TRY(in.template read<double>("weight_sums", features));
  if (!in.tensors().contains("documents.starts")) return {};
  const std::size_t any[] = {Source::any_extent};
  const std::size_t starts[] = {features_.size() + 1};
  over_documents_.documents = documents;
  over_documents_.starts = IG_TRY(in.template read<std::int64_t>("documents.starts", starts));
  over_documents_.rows = IG_TRY(in.template read<std::int32_t>("documents.rows", any));
  over_documents_.values = IG_TRY(in.template read<float>("documents.values", any));
  return over_documents_.check(features_.size());
}

}  // namespace isogloss::tokens
