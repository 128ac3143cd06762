// SPDX-License-Identifier: Apache-2.0
// Latent semantic analysis: TF-IDF rows X of the fitted corpus, cut to the k strongest directions of its singular value
// decomposition X ~ U S V^T (README.md). A text, old or new, becomes x V; a word becomes its row of V S, so that words
// which keep the same company lie close although they never meet.
//
// V is kept as (features, k), row after row: folding a text in reads one run of k floats per distinct word.
#include "model/lsa/lsa.hpp"

#include <algorithm>
#include <cmath>

#include "core/best_words.hpp"
#include "core/parallel.hpp"
#include "formats/saved_family.hpp"
#include "math/truncated_svd.hpp"
#include "tokens/counting/counting_model.hpp"
#include "tokens/counting/tfidf_weights.hpp"

namespace isogloss::model {
namespace {

struct LsaOptions {
  std::int64_t dim = 100;
  bool normalize = true;
  tokens::FeatureOptions features;
  tokens::LimitOptions limits;
  bool smooth_idf = true;
  bool sublinear_tf = false;
  std::string norm = "l2";
};

template <class Visitor>
void describe(LsaOptions& o, Visitor& v) {
  v("dim", o.dim, Range{1, 65536}, "Dimensions kept; fewer when the corpus has fewer.");
  v("normalize", o.normalize, "Scale every row to length 1.");
  tokens::describe_features(o.features, v);
  tokens::describe_limits(o.limits, v);
  v("smooth_idf", o.smooth_idf, "Count document frequencies as if one more text held every feature.");
  v("sublinear_tf", o.sublinear_tf, "Use 1 + ln(count) for the count.");
  v("norm", o.norm, Choice{"l2|l1|none"}, "Norm of the TF-IDF rows before the decomposition.");
}

class LsaModel final : public Model, public tokens::SparseEmbedder, public Vocabulary {
 public:
  using Options = LsaOptions;
  static constexpr std::string_view kFamily = "lsa";

  explicit LsaModel(Options options) : options_(std::move(options)) {}

  Status train(const Dataset& data, Context& context) {
    const tokens::FeatureSpec spec = IG_TRY(tokens::make_feature_spec(options_.features));
    // 16 bytes an entry while counting and weighing.
    const std::size_t limit = context.memory_limit != 0 ? context.memory_limit / 16 : SIZE_MAX;
    tokens::CountedFeatures counted =
        IG_TRY(tokens::count_features(data, spec, options_.limits, tokens::Occurrence::every, limit, context));
    if (!counted.rows) {
      return fail(Code::out_of_memory,
                  "the corpus does not fit the memory limit; LSA needs all of it at once. Raise the "
                  "limit, or fit on fewer texts.");
    }
    features_ = std::move(counted.features);
    document_frequency_ = std::move(counted.document_frequency);
    documents_ = counted.documents;
    make_idf();
    IG_TRY(decompose(*counted.rows, context));
    finish(data.description(), "");
    return {};
  }

  Status open(const formats::ModelSource& source) {
    features_ = IG_TRY(tokens::read_features(options_.features, *source.files));
    documents_ = static_cast<std::size_t>(source.state["documents"].as_integer());
    const std::size_t any[] = {formats::SafeTensors::any_extent};
    singular_values_ = IG_TRY(source.tensors.read<double>("singular_values", any));
    const std::size_t features[] = {features_.size()};
    const std::size_t shape[] = {features_.size(), dim()};
    document_frequency_ = IG_TRY(source.tensors.read<std::uint32_t>("document_frequency", features));
    weight_sums_ = IG_TRY(source.tensors.read<double>("weight_sums", features));
    if (source.mapped) {
      mapped_ = source.mapped;  // rows are read from the file as texts need them
      right_ = IG_TRY(source.tensors.view<float>("components", shape));
    } else {
      own_right_ = IG_TRY(source.tensors.read<float>("components", shape));
      right_ = own_right_;
    }
    make_idf();
    finish(source.trained_on, source.space_id);
    return {};
  }

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    return formats::save_model_folder(folder, parts(), card_);
  }

  // Writes x V, cut to the columns of the output, scaled to length 1 when asked for.
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override {
    IG_TRY(context.check());
    if (out.dense == nullptr) return {};
    std::size_t first = 0;
    for (const Slice& slice : slices) {
      const auto& rows = static_cast<const tokens::SparseRows&>(slice.prepared->body());
      parallel_for(context, slice.end - slice.begin, 64, [&](std::size_t begin, std::size_t end) {
        std::vector<double> sums(out.dense->dim());
        for (std::size_t i = begin; i < end; ++i)
          fold_in(rows.row(slice.begin + i), sums, out.dense->row_f32(first + i));
      });
      first += slice.end - slice.begin;
    }
    return {};
  }

  std::size_t word_count() const override { return features_.size(); }
  std::optional<std::size_t> find_word(std::string_view word) const override { return features_.find(word); }
  std::string_view word(std::size_t index) const override { return features_.name(index); }
  std::size_t word_dimension() const override { return dim(); }
  void word_vector(std::size_t index, std::span<float> out) const override {
    for (std::size_t j = 0; j < dim(); ++j) {
      out[j] = static_cast<float>(static_cast<double>(right_[index * dim() + j]) * singular_values_[j]);
    }
  }
  Result<std::vector<WordScore>> terms(std::size_t n, Context& context) const override {
    IG_TRY(context.check());
    return best_words<double>(weight_sums_, [&](std::size_t i) { return features_.names()[i]; }, {}, n);
  }

 private:
  std::size_t dim() const { return singular_values_.size(); }

  void make_idf() {
    using tokens::Smoothing;
    idf_ = tokens::inverse_document_frequency(document_frequency_, documents_,
                                              options_.smooth_idf ? Smoothing::one : Smoothing::none);
  }

  void weigh(const tokens::CountView& row, std::span<float> values) const {
    using tokens::TermFrequency;
    tokens::tfidf_weigh(row, idf_, options_.sublinear_tf ? TermFrequency::logarithm : TermFrequency::count, norm_,
                        values);
  }

  Status decompose(const tokens::CountRows& rows, Context& context) {
    std::vector<float> weights(rows.columns.size());
    weight_sums_.assign(features_.size(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t begin = rows.starts[i];
      const std::size_t size = rows.starts[i + 1] - begin;
      weigh({std::span(rows.columns).subspan(begin, size), std::span(rows.counts).subspan(begin, size), rows.units[i]},
            std::span(weights).subspan(begin, size));
      for (std::size_t k = begin; k < begin + size; ++k)
        weight_sums_[rows.columns[k]] += static_cast<double>(weights[k]);
    }
    math::TruncatedSvdOptions options;
    options.components = static_cast<std::size_t>(options_.dim);
    const math::CsrView matrix{rows.size(), features_.size(), rows.starts, rows.columns, weights};
    const math::TruncatedSvd svd = IG_TRY(math::truncated_svd(matrix, options, context));
    singular_values_ = svd.values;
    own_right_.assign(svd.right.data(), svd.right.data() + svd.right.rows() * svd.right.columns());
    right_ = own_right_;
    return {};
  }

  // sums: scratch, (columns of out)
  void fold_in(const SparseRow& row, std::span<double> sums, std::span<float> out) const {
    std::ranges::fill(sums, 0.0);
    for (std::size_t k = 0; k < row.columns.size(); ++k) {
      const float* const direction = right_.data() + row.columns[k] * dim();
      const double weight = static_cast<double>(row.values[k]);
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += weight * static_cast<double>(direction[j]);
    }
    double squares = 0;
    for (const double s : sums) squares += s * s;
    const double scale = options_.normalize && squares > 0 ? 1.0 / std::sqrt(squares) : 1.0;
    for (std::size_t j = 0; j < sums.size(); ++j) out[j] = static_cast<float>(sums[j] * scale);
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = kFamily;
    p.options = option_values(options_);
    p.state.emplace_back("documents", Json(static_cast<std::int64_t>(documents_)));
    p.trained_on = card_.trained_on;
    p.files = tokens::feature_files(features_);
    p.tensors.add<float>("components", {features_.size(), dim()}, right_);
    p.tensors.add<double>("singular_values", {dim()}, singular_values_);
    p.tensors.add<std::uint32_t>("document_frequency", {features_.size()}, document_frequency_);
    p.tensors.add<double>("weight_sums", {features_.size()}, weight_sums_);
    return p;
  }

  // `space_id` as saved, or empty: then it is computed, which reads every weight.
  void finish(std::string_view trained_on, std::string_view space_id) {
    card_.family = kFamily;
    card_.modalities = {Modality::text};
    card_.dimension = dim();
    card_.normalized = options_.normalize;
    card_.bytes = features_.bytes() + right_.size() * sizeof(float);
    card_.trained_on = trained_on;
    card_.facts["features"] = std::to_string(features_.size());
    card_.facts["documents"] = std::to_string(documents_);
    card_.facts["analyzer"] = features_.spec().analyzer.name;
    card_.space_id = space_id.empty() ? formats::space_id_of(parts()) : std::string(space_id);
  }

  // A cut row is a row of fewer dimensions, so any number up to the full one will do.
  Status check_options(const EmbedOptions& options) const override {
    if (options.dim <= dim()) return {};
    return fail(Code::invalid_argument,
                "this model has " + std::to_string(dim()) + " dimensions, not " + std::to_string(options.dim) + ".");
  }

  std::unique_ptr<tokens::RowReader> make_reader() const override {
    return tokens::make_counting_reader(
        features_, [this](const tokens::CountView& row, Role, std::span<float> values) { weigh(row, values); });
  }
  const Card& embedder_card() const override { return card_; }
  const void* find(AbilityId id) const override {
    if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
    if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
    return nullptr;
  }

  LsaOptions options_;
  tokens::Norm norm_ = tokens::parse_norm(options_.norm);
  Card card_;
  tokens::FeatureSet features_;
  std::size_t documents_ = 0;
  std::vector<std::uint32_t> document_frequency_;  // (features)
  std::vector<double> idf_;                        // (features)
  std::vector<double> weight_sums_;                // (features)
  std::vector<double> singular_values_;            // (k)
  std::vector<float> own_right_;                   // (features, k), unless it is mapped
  std::shared_ptr<const MappedFile> mapped_;
  std::span<const float> right_;                   // (features, k)
};

}  // namespace

const Family& lsa_family() {
  static const Family family = formats::saved_family<LsaModel>(
      "LSA", "counting", "TF-IDF rows cut to their strongest directions: dense vectors from counts.");
  return family;
}

}  // namespace isogloss::model
