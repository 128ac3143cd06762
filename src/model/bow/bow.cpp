// SPDX-License-Identifier: Apache-2.0
// Bag of words: a column per word of the fitted corpus, its count as the value (README.md).
#include "model/bow/bow.hpp"

#include "core/describe.hpp"
#include "formats/model_folder.hpp"
#include "tokens/counting/counting_model.hpp"
#include "tokens/counting/tfidf_weights.hpp"

namespace isogloss::model {
namespace {

struct BowOptions {
  tokens::FeatureOptions features;
  tokens::LimitOptions limits;
  bool binary = false;
  std::string norm = "none";
  std::string documents = "auto";
};

template <class Visitor>
void describe(BowOptions& o, Visitor& v) {
  tokens::describe_features(o.features, v);
  tokens::describe_limits(o.limits, v);
  v("binary", o.binary, "Count every word of a text once.");
  v("norm", o.norm, Choice{"none|l1|l2"}, "Norm that every row is scaled to.");
  v("documents", o.documents, Choice{tokens::kKeepChoices}, "Keep the documents, from which words get vectors.");
}

constexpr std::string_view kOwner = "Family 'bow'";

class BowModel final : public tokens::CountingModel {
 public:
  explicit BowModel(BowOptions options) : options_(std::move(options)) {}

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
    IG_TRY(read_tensors(source.tensors, documents_));
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
  void learn(const tokens::CountedFeatures& counted) override { documents_ = counted.documents; }

  void weigh(const tokens::CountView& row, Role, std::span<float> values) const override {
    using tokens::TermFrequency;
    tokens::tfidf_weigh(row, {}, options_.binary ? TermFrequency::once : TermFrequency::count, norm_, values);
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = "bow";
    p.options = option_values(options_);
    p.state.emplace_back("documents", Json(static_cast<std::int64_t>(documents_)));
    p.trained_on = card_.trained_on;
    p.files = text_files();
    return p;
  }

  void finish(std::string_view trained_on) {
    describe_card("bow", trained_on, documents_);
    card_.normalized = norm_ == tokens::Norm::l2;
    formats::ModelParts space = parts();
    space.options.erase("documents");
    space.state.clear();
    card_.space_id = formats::space_id_of(space);
  }

  BowOptions options_;
  tokens::Norm norm_ = tokens::parse_norm(options_.norm);
  std::size_t documents_ = 0;
};

Result<ModelPtr> train_bow(const Dataset& data, const OptionValues& values, Context& context) {
  const auto model = std::make_shared<BowModel>(IG_TRY(parse_options<BowOptions>(values, kOwner)));
  IG_TRY(model->train(data, context));
  return model;
}

Result<ModelPtr> load_bow(const FileSet& files, const OptionValues&, Context&) {
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, "bow"));
  const auto model = std::make_shared<BowModel>(IG_TRY(parse_options<BowOptions>(source.options, kOwner)));
  IG_TRY(model->open(source));
  return model;
}

}  // namespace

const Family& bow_family() {
  static const Family family{
      .name = "bow",
      .title = "Bag of words",
      .generation = "counting",
      .summary = "How often each word stands in a text.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return formats::recognise_model_folder(files, "bow"); },
      .load_options = nullptr,
      .train_options = [] { return option_infos<BowOptions>(); },
      .embed_options = nullptr,
      .load = load_bow,
      .train = train_bow,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
