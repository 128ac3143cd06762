// SPDX-License-Identifier: Apache-2.0
// BM25 as a pair of sparse vectors: a document is a row of saturated term frequencies, a query a row of inverse
// document frequencies, and their dot product is the score. The index/postings of a collection compute the same sums
// without rows; this family is for those who want the vectors, and the reference for the index's tests.
#include "model/bm25/bm25.hpp"

#include <cmath>

#include "core/describe.hpp"
#include "formats/model_folder.hpp"
#include "tokens/counting/counting_model.hpp"

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

constexpr std::string_view kOwner = "Family 'bm25'";

class Bm25Model final : public tokens::CountingModel {
 public:
  explicit Bm25Model(Bm25Options options) : options_(std::move(options)) {}

  Status train(const Dataset& data, Context& context) {
    const tokens::FeatureSpec spec = IG_TRY(tokens::make_feature_spec(options_.features));
    IG_TRY(
        fit(data, spec, options_.limits, tokens::Occurrence::every, tokens::parse_keep(options_.documents), context));
    finish(data.description());
    return {};
  }

  Status open(const formats::ModelSource& source) {
    const tokens::FeatureSpec spec = IG_TRY(
        tokens::load_feature_spec(options_.features, IG_TRY(source.files->read("analysis.json")), "analysis.json"));
    features_ = IG_TRY(
        tokens::FeatureSet::make(spec, tokens::StringPack::from_lines(IG_TRY(source.files->read("vocabulary.txt")))));
    documents_ = static_cast<std::size_t>(source.state["documents"].as_integer());
    mean_length_ = source.state["mean_length"].as_number();
    const std::size_t features[] = {features_.size()};
    document_frequency_ = IG_TRY(source.tensors.read<std::uint32_t>("document_frequency", features));
    IG_TRY(read_tensors(source.tensors, documents_));
    idf_from_frequency();
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
    mean_length_ = static_cast<double>(counted.units) / static_cast<double>(counted.documents);
    idf_from_frequency();
  }

  // idf(t) = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5)), never negative (Lucene's BM25Similarity).
  void idf_from_frequency() {
    idf_.clear();
    for (const std::uint32_t df : document_frequency_) {
      const double n = static_cast<double>(documents_);
      idf_.push_back(std::log(1.0 + (n - df + 0.5) / (df + 0.5)));
    }
  }

  // Document: tf / (tf + k1 (1 - b + b length / mean length)), Robertson and Zaragoza (2009), equation 3.14, without
  // the constant factor (k1 + 1), as Lucene 8 and later. Query: idf, once per occurrence.
  void weigh(const tokens::CountView& row, Role role, std::span<float> values) const override {
    const double relative = mean_length_ > 0 ? row.units / mean_length_ : 1.0;
    const double held_back = options_.k1 * (1.0 - options_.b + options_.b * relative);
    for (std::size_t k = 0; k < row.columns.size(); ++k) {
      const double tf = row.counts[k];
      values[k] = static_cast<float>(role == Role::query ? tf * idf_[row.columns[k]] : tf / (tf + held_back));
    }
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = "bm25";
    p.options = option_values(options_);
    p.state.emplace_back("documents", Json(static_cast<std::int64_t>(documents_)));
    p.state.emplace_back("mean_length", Json(mean_length_));
    p.trained_on = card_.trained_on;
    p.files = text_files();
    p.tensors.add<std::uint32_t>("document_frequency", {document_frequency_.size()}, document_frequency_);
    return p;
  }

  void finish(std::string_view trained_on) {
    describe_card("bm25", trained_on, documents_);
    card_.metric = Metric::dot;
    std::string length;
    append_number(length, mean_length_);
    card_.facts["mean_length"] = length;
    formats::ModelParts space = parts();
    space.options.erase("documents");
    card_.space_id = formats::space_id_of(space);
  }

  Bm25Options options_;
  std::size_t documents_ = 0;
  double mean_length_ = 0;                         // terms per document
  std::vector<std::uint32_t> document_frequency_;  // (features)
  std::vector<double> idf_;                        // (features)
};

Result<ModelPtr> train_bm25(const Dataset& data, const OptionValues& values, Context& context) {
  const auto model = std::make_shared<Bm25Model>(IG_TRY(parse_options<Bm25Options>(values, kOwner)));
  IG_TRY(model->train(data, context));
  return model;
}

Result<ModelPtr> load_bm25(const FileSet& files, const OptionValues&, Context&) {
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, "bm25"));
  const auto model = std::make_shared<Bm25Model>(IG_TRY(parse_options<Bm25Options>(source.options, kOwner)));
  IG_TRY(model->open(source));
  return model;
}

}  // namespace

const Family& bm25_family() {
  static const Family family{
      .name = "bm25",
      .title = "BM25",
      .generation = "counting",
      .summary = "Saturated term frequencies for documents, inverse document frequencies for queries.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return formats::recognise_model_folder(files, "bm25"); },
      .load_options = nullptr,
      .train_options = [] { return option_infos<Bm25Options>(); },
      .embed_options = nullptr,
      .load = load_bm25,
      .train = train_bm25,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
