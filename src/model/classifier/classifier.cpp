// SPDX-License-Identifier: Apache-2.0
// A head (heads/classifier_head.hpp) on the rows of a model that is kept inside.
//
//   texts --base model--> rows, dense or sparse --head--> scores of labels
//
// Folder: model.safetensors holds the head (rows: dense, or starts, columns and values; intercepts; labels), state its
// labels' names, base/ the model.
#include "model/classifier/classifier.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/describe.hpp"
#include "core/text.hpp"
#include "formats/model_folder.hpp"
#include "heads/classifier_head.hpp"
#include "heads/embed_rows.hpp"
#include "heads/text_list.hpp"
#include "model/open_files.hpp"

namespace isogloss::model {
namespace {

constexpr const char* kBase = "base";
constexpr double kDenseC = 10;
constexpr double kSparseC = 1;
constexpr double kTolerance = 1e-6;  // to the minimum, and not to where a default stops

struct ClassifierOptions {
  std::string head = "logistic";
  double c = 0;
  std::int64_t rounds = 1000;
  std::int64_t neighbours = 5;
  std::string vectors = "tfidf";
};

template <class Visitor>
void describe(ClassifierOptions& o, Visitor& v) {
  v("head", o.head, Choice{"logistic|centroid|knn"}, "Logistic regression, nearest centroid or nearest neighbours.");
  v("c", o.c, Range{0, 1e9},
    "logistic: inverse strength of the penalty; more fits closer. 0 = 10 on dense rows, 1 on sparse ones.");
  v("rounds", o.rounds, Range{1, 1000000}, "logistic: rounds of L-BFGS at most.");
  v("neighbours", o.neighbours, Range{1, 1000000}, "knn: how many neighbours vote.");
  v("vectors", o.vectors, "Family fitted on the texts when no model is given.");
}

struct LabelledTexts {
  std::vector<std::string> texts, labels;
};

Result<LabelledTexts> read_labelled(const Dataset& data, Context& context) {
  LabelledTexts out;
  IG_TRY(data.for_each(
      [&](const Record& record) -> Status {
        if (record.label.empty()) {
          return fail(Code::invalid_argument,
                      "text " + std::to_string(out.texts.size() + 1) +
                          " has no label. A classifier learns from labelled texts: isogloss classify --train FILE");
        }
        out.texts.emplace_back(record.text);
        out.labels.emplace_back(record.label);
        return {};
      },
      context));
  return out;
}

class ClassifierModel final : public Model, public Classifier {
 public:
  static constexpr std::string_view kFamily = "classifier";
  ClassifierModel(ClassifierOptions options, ModelPtr base) : options_(std::move(options)), base_(std::move(base)) {}

  Status train(const LabelledTexts& data, const std::string& description, Context& context) {
    const std::vector<std::uint32_t> numbers = number(data.labels);
    const heads::Features rows = IG_TRY(heads::embed_texts(*base_, data.texts, context));
    embedder_ = base_->ability<Embedder>();
    // Rows of length 1 need more than counts do before the penalty stops deciding.
    if (options_.c == 0) options_.c = rows.is_sparse() ? kSparseC : kDenseC;
    head_.emplace(IG_TRY(heads::ClassifierHead::fit(rows, numbers, names_.size(), head_options(), context)));
    finish(description, "");
    return {};
  }

  Status open(const formats::ModelSource& source) {
    embedder_ = base_->ability<Embedder>();
    const std::string expected(source.state["base_space"].as_string());
    if (embedder_ == nullptr || base_->card().space_id != expected) {
      return fail(Code::mismatch, "the model in '" + std::string(kBase) +
                                      "/' is not the one this classifier was trained on: its space is " +
                                      base_->card().space_id + ", not " + expected + ".");
    }
    for (const Json& name : source.state["labels"].as_array()) names_.push_back(name.as_text());
    heads::ClassifierHead::State state;
    state.options = head_options();
    state.classes = names_.size();
    const std::size_t any[] = {formats::SafeTensors::any_extent};
    if (options_.head == "logistic") {
      state.logistic.classes = names_.size();
      state.logistic.weights = IG_TRY(read_dense(source));
      state.logistic.intercepts = IG_TRY(source.tensors.read<float>("intercepts", any));
    } else {
      state.rows = IG_TRY(read_rows(source));
    }
    if (options_.head == "knn") state.labels = IG_TRY(source.tensors.read<std::uint32_t>("labels", any));
    IG_TRY(check_state(state));
    head_.emplace(std::move(state));
    finish(source.trained_on, source.space_id);
    return {};
  }

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    return formats::save_model_folder(folder, parts(), card_);
  }

  std::size_t label_count() const override { return names_.size(); }
  std::string_view label(std::size_t index) const override { return names_[index]; }

  Result<std::vector<std::vector<LabelScore>>> classify(std::span<const Input> inputs, std::size_t k,
                                                        Context& context) const override {
    if (k == 0) return fail(Code::invalid_argument, "ask for 1 label or more.");
    IG_TRY(context.check());
    if (inputs.empty()) return std::vector<std::vector<LabelScore>>();
    EmbedOptions options;
    options.truncate = Truncate::end;
    const heads::EmbeddedRows found = IG_TRY(heads::embed_rows(*embedder_, inputs, options, context));
    const math::Matrix scores = head_->scores(found.rows, context);
    std::vector<std::vector<LabelScore>> out(inputs.size());
    std::vector<std::uint32_t> order(names_.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (found.rows.likeness(i, found.rows, i).dot == 0) continue;  // nothing known of it
      const auto row = scores.row(i);
      std::iota(order.begin(), order.end(), 0U);
      const std::size_t n = std::min(k, order.size());
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                        [&](std::uint32_t a, std::uint32_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
      for (std::size_t j = 0; j < n; ++j) out[i].push_back({order[j], std::clamp(row[order[j]], 0.0f, 1.0f)});
    }
    return out;
  }

 private:
  heads::HeadOptions head_options() const {
    return {options_.head, options_.c, static_cast<std::size_t>(options_.rounds),
            static_cast<std::size_t>(options_.neighbours), kTolerance};
  }

  // Names sorted by bytes; the number of every label. (texts)
  std::vector<std::uint32_t> number(const std::vector<std::string>& labels) {
    std::map<std::string_view, std::uint32_t> numbers;
    for (const std::string& label : labels) numbers.try_emplace(label);
    for (auto& [name, value] : numbers) {
      value = static_cast<std::uint32_t>(names_.size());
      names_.emplace_back(name);
    }
    std::vector<std::uint32_t> out;
    for (const std::string& label : labels) out.push_back(numbers[label]);
    return out;
  }

  static Result<math::Matrix> read_dense(const formats::ModelSource& source) {
    const std::size_t any_two[] = {formats::SafeTensors::any_extent, formats::SafeTensors::any_extent};
    const auto values = IG_TRY(source.tensors.read<float>("rows", any_two));
    const auto& shape = source.tensors.tensors().at("rows").shape;
    math::Matrix rows(shape[0], shape[1]);
    std::ranges::copy(values, rows.data());
    return rows;
  }

  static Result<heads::Features> read_rows(const formats::ModelSource& source) {
    if (source.tensors.tensors().contains("rows")) return heads::Features(IG_TRY(read_dense(source)));
    const std::size_t any[] = {formats::SafeTensors::any_extent};
    math::CsrMatrix rows;
    const auto starts = IG_TRY(source.tensors.read<std::int64_t>("rows.starts", any));
    rows.columns = static_cast<std::size_t>(source.state["columns"].as_integer());
    rows.rows = starts.empty() ? 0 : starts.size() - 1;
    rows.starts.assign(starts.begin(), starts.end());  // what is no offset, check() finds
    rows.column_of = IG_TRY(source.tensors.read<std::uint32_t>("rows.columns", any));
    rows.values = IG_TRY(source.tensors.read<float>("rows.values", any));
    IG_TRY(rows.view().check());
    return heads::Features(std::move(rows));
  }

  // What classify() relies on: shapes that fit the labels and the model, labels that have a name.
  Status check_state(const heads::ClassifierHead::State& state) const {
    const std::size_t classes = names_.size();
    const bool regression = options_.head == "logistic";
    const std::size_t wanted = options_.head == "knn" ? state.labels.size() : regression && classes == 2 ? 1 : classes;
    const std::size_t rows = regression ? state.logistic.weights.rows() : state.rows.size();
    const std::size_t dim = regression ? state.logistic.weights.columns() : state.rows.dim();
    const bool fits = classes >= 2 && rows == wanted && dim == base_->card().dimension &&
                      (!regression || state.logistic.intercepts.size() == wanted) &&
                      std::ranges::all_of(state.labels, [&](std::uint32_t l) { return l < classes; });
    if (fits) return {};
    return fail(Code::corrupt_data, "the classifier's numbers do not fit its " + counted(classes, "label") +
                                        " and its model of " + std::to_string(base_->card().dimension) +
                                        " columns. Train it again.");
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    const heads::ClassifierHead::State& state = head_->state();
    p.family = kFamily;
    p.options = option_values(options_);
    Json::Array names;
    for (const std::string& name : names_) names.emplace_back(name);
    p.state.emplace_back("labels", Json(std::move(names)));
    p.state.emplace_back("base_space", Json(base_->card().space_id));
    p.state.emplace_back("columns", Json(static_cast<std::int64_t>(base_->card().dimension)));
    p.trained_on = card_.trained_on;
    if (state.rows.is_sparse()) {
      const math::CsrView rows = state.rows.sparse();
      const std::vector<std::int64_t> starts(rows.starts.begin(), rows.starts.end());
      p.tensors.add<std::int64_t>("rows.starts", {starts.size()}, starts);
      p.tensors.add_view("rows.columns", {rows.column_of.size()}, rows.column_of);
      p.tensors.add_view("rows.values", {rows.values.size()}, rows.values);
    } else {
      const math::MatrixView rows = options_.head == "logistic" ? state.logistic.weights.view() : state.rows.dense();
      p.tensors.add_view("rows", {rows.rows, rows.columns},
                         std::span<const float>(rows.data, rows.rows * rows.columns));
    }
    const std::vector<float>& intercepts = state.logistic.intercepts;
    if (!intercepts.empty()) p.tensors.add_view("intercepts", {intercepts.size()}, std::span<const float>(intercepts));
    if (!state.labels.empty())
      p.tensors.add_view("labels", {state.labels.size()}, std::span<const std::uint32_t>(state.labels));
    p.models[kBase] = base_;
    return p;
  }

  void finish(std::string_view trained_on, std::string_view space_id) {
    const Card& base = base_->card();
    card_.family = kFamily;
    card_.modalities = {Modality::text};
    card_.dimension = base.dimension;
    card_.window = base.window;
    const heads::ClassifierHead::State& state = head_->state();
    card_.bytes = base.bytes + (state.rows.size() + state.logistic.weights.rows()) * base.dimension * sizeof(float);
    card_.trained_on = trained_on;
    card_.facts["labels"] = std::to_string(names_.size());
    card_.facts["head"] = options_.head;
    card_.facts["base"] = base.family;
    card_.space_id = space_id.empty() ? formats::space_id_of(parts()) : std::string(space_id);
  }

  const void* find(AbilityId id) const override {
    return id == AbilityId::classifier ? static_cast<const Classifier*>(this) : nullptr;
  }

  ClassifierOptions options_;
  ModelPtr base_;
  const Embedder* embedder_ = nullptr;
  std::vector<std::string> names_;
  std::optional<heads::ClassifierHead> head_;
  Card card_;
};

Result<ModelPtr> train_on(const Dataset& data, const OptionValues& values, const TrainingRun& run, Context& context) {
  const auto options = IG_TRY(parse_options<ClassifierOptions>(values, "Family 'classifier'"));
  const LabelledTexts texts = IG_TRY(read_labelled(data, context));
  ModelPtr base = run.base;
  if (base == nullptr) {
    const Family* family = IG_TRY(find_family(options.vectors));
    if (family->train == nullptr || family == &classifier_family()) {
      return fail(Code::invalid_argument,
                  "'" + options.vectors + "' cannot be fitted on texts. Give a model: -m MODEL");
    }
    base = IG_TRY(family->train(heads::TextList(texts.texts, data.description()), {}, context));
  }
  const auto model = std::make_shared<ClassifierModel>(options, std::move(base));
  IG_TRY(model->train(texts, data.description(), context));
  return model;
}

Result<ModelPtr> load_classifier(const FileSet& files, const OptionValues&, Context& context) {
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, ClassifierModel::kFamily));
  const auto options = IG_TRY(parse_options<ClassifierOptions>(source.options, "Family 'classifier'"));
  const FileSet inner = IG_TRY(files.inner(kBase));
  if (formats::recognise_model_folder(inner, ClassifierModel::kFamily) == Recognised::exact) {
    return fail(Code::corrupt_data, "the model inside a classifier is a classifier.");
  }
  const auto model = std::make_shared<ClassifierModel>(options, IG_TRY(load_files(inner, "", {}, context)));
  IG_TRY(model->open(source));
  return model;
}

}  // namespace

const Family& classifier_family() {
  static const Family family{
      .name = ClassifierModel::kFamily,
      .title = "Classifier",
      .generation = "heads",
      .summary = "Labels of texts by logistic regression, centroids or neighbours on the vectors of any model.",
      .modalities = {Modality::text},
      .recognise =
          [](const FileSet& files) { return formats::recognise_model_folder(files, ClassifierModel::kFamily); },
      .load_options = nullptr,
      .train_options = [] { return option_infos<ClassifierOptions>(); },
      .embed_options = nullptr,
      .load = load_classifier,
      .train = [](const Dataset& data, const OptionValues& options,
                  Context& context) { return train_on(data, options, {}, context); },
      .train_further = [](const Dataset& data, const OptionValues& options, const TrainingRun& run,
                          Context& context) { return train_on(data, options, run, context); },
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
