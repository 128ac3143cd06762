// SPDX-License-Identifier: Apache-2.0
// The hashing trick: a feature's column is its hash, so there is no vocabulary, nothing to fit and no limit on what may
// come; features that share a column add up, and with alternating signs mostly cancel (README.md).
//
// A row is tallied over 2n columns, 2c for +1 and 2c+1 for -1, so that counting and ordering are RowTally's and signs
// are settled at the end.
#include "model/hashing/hashing.hpp"

#include <cmath>

#include "core/hash.hpp"
#include "formats/saved_family.hpp"
#include "tokens/counting/flat_features.hpp"
#include "tokens/counting/row_tally.hpp"
#include "tokens/counting/sparse_embedder.hpp"
#include "tokens/counting/tfidf_weights.hpp"

namespace isogloss::model {
namespace {

struct HashingOptions {
  std::int64_t n_features = std::int64_t{1} << 20;
  bool alternate_sign = true;
  tokens::FeatureOptions features;
  bool binary = false;
  std::string norm = "l2";
};

template <class Visitor>
void describe(HashingOptions& o, Visitor& v) {
  v("n_features", o.n_features, Range{1, 1073741824}, "Number of columns.");
  v("alternate_sign", o.alternate_sign, "Let features count +1 or -1 by another bit of their hash.");
  tokens::describe_features(o.features, v);
  v("binary", o.binary, "Set every value to 1.");
  v("norm", o.norm, Choice{"l2|l1|none"}, "Norm that every row is scaled to.");
}

class HashingReader final : public tokens::RowReader {
 public:
  HashingReader(const HashingOptions& options, const tokens::FeatureSpec& spec, tokens::TextAnalyzerPtr analyzer)
      : options_(options),
        norm_(tokens::parse_norm(options.norm)),
        features_(std::move(analyzer), spec),
        tally_(2 * static_cast<std::size_t>(options.n_features)) {}

  Status read(const Input& input, tokens::WeightedRow& row) override {
    bag_.clear();
    row.units = features_.for_each(IG_TRY(tokens::text_of(input, text_)),
                                   [&](std::string_view feature) { bag_.push_back(column_of(feature)); });
    tally_.tally(bag_, counts_);
    settle_signs(row);
    scale(row.values);
    return {};
  }

 private:
  // FeatureHasher: column = |h| mod n for the signed 32-bit hash h, sign = that of h.
  std::uint32_t column_of(std::string_view feature) const {
    const auto hash = static_cast<std::int32_t>(murmur3_32(feature));
    const auto magnitude = hash < 0 ? 0u - static_cast<std::uint32_t>(hash) : static_cast<std::uint32_t>(hash);
    const std::uint32_t column = magnitude % static_cast<std::uint32_t>(options_.n_features);
    return 2 * column + (options_.alternate_sign && hash < 0 ? 1 : 0);
  }

  void settle_signs(tokens::WeightedRow& row) const {
    row.columns.clear();
    row.values.clear();
    for (std::size_t k = 0; k < counts_.columns.size(); ++k) {
      const std::uint32_t column = counts_.columns[k] / 2;
      const float value = static_cast<float>(counts_.columns[k] % 2 == 0 ? counts_.counts[k] : -counts_.counts[k]);
      if (!row.columns.empty() && row.columns.back() == column) {
        row.values.back() += value;
      } else {
        row.columns.push_back(column);
        row.values.push_back(value);
      }
    }
    if (options_.binary) row.values.assign(row.values.size(), 1.0F);
  }

  void scale(std::vector<float>& values) const {
    double sum = 0;
    for (const float v : values)
      sum += norm_ == tokens::Norm::l1 ? std::abs(v) : static_cast<double>(v) * static_cast<double>(v);
    if (norm_ == tokens::Norm::none || sum == 0) return;
    const double divisor = norm_ == tokens::Norm::l1 ? sum : std::sqrt(sum);
    for (float& v : values) v = static_cast<float>(static_cast<double>(v) / divisor);
  }

  const HashingOptions& options_;
  tokens::Norm norm_;
  tokens::FlatFeatures features_;
  tokens::RowTally tally_;
  tokens::CountRow counts_;
  std::vector<std::uint32_t> bag_;
  std::string text_;
};

class HashingModel final : public Model, public tokens::SparseEmbedder {
 public:
  using Options = HashingOptions;
  static constexpr std::string_view kFamily = "hashing";

  explicit HashingModel(Options options) : options_(std::move(options)) {}

  // There is nothing to fit: the data is not read.
  Status train(const Dataset&, Context& context) {
    IG_TRY(context.check());
    return finish(IG_TRY(tokens::make_feature_spec(options_.features)));
  }

  Status open(const formats::ModelSource& source) {
    return finish(IG_TRY(
        tokens::load_feature_spec(options_.features, IG_TRY(source.files->read("analysis.json")), "analysis.json")));
  }

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    return formats::save_model_folder(folder, parts(), card_);
  }

 private:
  Status finish(tokens::FeatureSpec spec) {
    analyzer_ = IG_TRY(tokens::TextAnalyzer::make(spec.analyzer));
    spec_ = std::move(spec);
    card_.family = kFamily;
    card_.modalities = {Modality::text};
    card_.dimension = static_cast<std::size_t>(options_.n_features);
    card_.sparse = true;
    card_.normalized = options_.norm == "l2";
    card_.trained_on = "nothing: hashing has no weights";
    card_.facts["analyzer"] = spec_.analyzer.name;
    card_.space_id = formats::space_id_of(parts());
    return {};
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = kFamily;
    p.options = option_values(options_);
    p.files["analysis.json"] = to_json(spec_.analyzer) + "\n";
    return p;
  }

  std::unique_ptr<tokens::RowReader> make_reader() const override {
    return std::make_unique<HashingReader>(options_, spec_, analyzer_);
  }
  const Card& embedder_card() const override { return card_; }
  const void* find(AbilityId id) const override {
    return id == AbilityId::embedder ? static_cast<const Embedder*>(this) : nullptr;
  }

  HashingOptions options_;
  tokens::FeatureSpec spec_;
  tokens::TextAnalyzerPtr analyzer_;
  Card card_;
};

}  // namespace

const Family& hashing_family() {
  static const Family family = formats::saved_family<HashingModel>(
      "Feature hashing", "counting", "Counts of words or n-grams in columns given by their hash; nothing to fit.");
  return family;
}

}  // namespace isogloss::model
