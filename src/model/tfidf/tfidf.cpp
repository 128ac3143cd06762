// SPDX-License-Identifier: Apache-2.0
// TF-IDF: counts of words or n-grams, weighted by how rare they are (README.md has the formula). Fitting counts; the
// model is the vocabulary, the document frequencies, and, while they are few enough, the weighted documents, from which
// words get vectors of their own.
#include "model/tfidf/tfidf.hpp"

#include "core/describe.hpp"
#include "formats/model_folder.hpp"
#include "tokens/counting/counting_model.hpp"
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

constexpr std::string_view kOwner = "Family 'tfidf'";

class TfidfModel final : public tokens::CountingModel {
 public:
  explicit TfidfModel(TfidfOptions options) : options_(std::move(options)) {}

  Status train(const Dataset& data, Context& context) {
    const tokens::FeatureSpec spec = IG_TRY(tokens::make_feature_spec(options_.features));
    const auto occurrence = options_.binary ? tokens::Occurrence::once : tokens::Occurrence::every;
    IG_TRY(fit(data, spec, options_.limits, occurrence, tokens::parse_keep(options_.documents), context));
    finish(data.description());
    return {};
  }

  Status open(const formats::ModelSource& source) {
    const tokens::FeatureSpec spec = IG_TRY(
        tokens::load_feature_spec(options_.features, IG_TRY(source.files->read("analysis.json")), "analysis.json"));
    features_ = IG_TRY(
        tokens::FeatureSet::make(spec, tokens::StringPack::from_lines(IG_TRY(source.files->read("vocabulary.txt")))));
    documents_ = static_cast<std::size_t>(source.state["documents"].as_integer());
    const std::size_t features[] = {features_.size()};
    document_frequency_ = IG_TRY(source.tensors.read<std::uint32_t>("document_frequency", features));
    IG_TRY(read_tensors(source.tensors, documents_));
    weights_from_frequency();
    finish(source.trained_on);
    return {};
  }

  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    formats::ModelParts all = parts();
    write_tensors(all.tensors);
    return formats::save_model_folder(folder, all, card_);
  }

 private:
  void learn(const tokens::CountedFeatures& counted) override {
    document_frequency_ = counted.document_frequency;
    documents_ = counted.documents;
    weights_from_frequency();
  }

  void weights_from_frequency() {
    using tokens::Smoothing;
    idf_.clear();
    if (!options_.use_idf) return;
    idf_ = tokens::inverse_document_frequency(document_frequency_, documents_,
                                              options_.smooth_idf ? Smoothing::one : Smoothing::none);
  }

  void weigh(const tokens::CountView& row, Role, std::span<float> values) const override {
    using tokens::TermFrequency;
    const auto frequency = options_.binary         ? TermFrequency::once
                           : options_.sublinear_tf ? TermFrequency::logarithm
                                                   : TermFrequency::count;
    tokens::tfidf_weigh(row, idf_, frequency, norm_, values);
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = "tfidf";
    p.options = option_values(options_);
    p.state.emplace_back("documents", Json(static_cast<std::int64_t>(documents_)));
    p.trained_on = card_.trained_on;
    p.files = text_files();
    p.tensors.add<std::uint32_t>("document_frequency", {document_frequency_.size()}, document_frequency_);
    return p;
  }

  void finish(std::string_view trained_on) {
    describe_card("tfidf", trained_on, documents_);
    card_.normalized = norm_ == tokens::Norm::l2;
    formats::ModelParts space = parts();
    space.options.erase("documents");
    space.trained_on.clear();
    card_.space_id = formats::space_id_of(space);
  }

  TfidfOptions options_;
  tokens::Norm norm_ = tokens::parse_norm(options_.norm);
  std::size_t documents_ = 0;
  std::vector<std::uint32_t> document_frequency_;  // (features)
  std::vector<double> idf_;                        // (features), empty without idf
};

Result<ModelPtr> train_tfidf(const Dataset& data, const OptionValues& values, Context& context) {
  const auto model = std::make_shared<TfidfModel>(IG_TRY(parse_options<TfidfOptions>(values, kOwner)));
  IG_TRY(model->train(data, context));
  return model;
}

Result<ModelPtr> load_tfidf(const FileSet& files, const OptionValues&, Context&) {
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, "tfidf"));
  const auto model = std::make_shared<TfidfModel>(IG_TRY(parse_options<TfidfOptions>(source.options, kOwner)));
  IG_TRY(model->open(source));
  return model;
}

}  // namespace

const Family& tfidf_family() {
  static const Family family{
      .name = "tfidf",
      .title = "TF-IDF",
      .generation = "counting",
      .summary = "Counts of words or n-grams, weighted by how rare they are.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return formats::recognise_model_folder(files, "tfidf"); },
      .load_options = nullptr,
      .train_options = [] { return option_infos<TfidfOptions>(); },
      .embed_options = nullptr,
      .load = load_tfidf,
      .train = train_tfidf,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
