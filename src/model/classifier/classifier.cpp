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

class ClassifierModel final : public Model, public Classifier {
 public:
  static constexpr std::string_view kFamily = "classifier";
  ClassifierModel(ClassifierOptions options, ModelPtr base) : options_(std::move(options)), base_(std::move(base)) {}

  // Error{unsupported}: the base model gives no vectors for texts.
  Status check_base() {
    embedder_ = base_->ability<Embedder>();
    if (embedder_ != nullptr) return {};
    return fail(Code::unsupported, "a classifier needs a model that gives vectors for texts; one of family '" +
                                       base_->card().family + "' does not.");
  }

  Status train(const Dataset& data, Context& context) {
    std::vector<std::string> texts, labels;
    IG_TRY(data.for_each(
        [&](const Record& record) -> Status {
          if (record.label.empty()) {
            return fail(Code::invalid_argument,
                        "text " + std::to_string(texts.size() + 1) +
                            " has no label. A classifier learns from labelled texts: isogloss classify --train FILE");
          }
          texts.emplace_back(record.text);
          labels.emplace_back(record.label);
          return {};
        },
        context));
    IG_TRY(check_base());
    const std::vector<std::uint32_t> numbers = number(labels);
    const heads::Features rows = IG_TRY(rows_of(texts, context));
    // Rows of length 1 need more than counts do before the penalty stops deciding.
    if (options_.c == 0) options_.c = rows.is_sparse() ? kSparseC : kDenseC;
    head_.emplace(IG_TRY(heads::ClassifierHead::fit(rows, numbers, names_.size(), head_options(), context)));
    finish(data.description(), "");
    return {};
  }

  Status open(const formats::ModelSource& source) {
    IG_TRY(check_base());
    const std::string expected(source.state["base_space"].as_string());
    if (base_->card().space_id != expected) {
      return fail(Code::mismatch, "the model in '" + std::string(kBase) +
                                      "/' is not the one this classifier was trained on: its space is " +
                                      base_->card().space_id + ", not " + expected + ".");
    }
    for (const Json& name : source.state["labels"].as_array()) names_.push_back(name.as_text());
    heads::ClassifierHead::State state;
    state.options = head_options();
    state.classes = names_.size();
    state.rows = IG_TRY(read_rows(source));
    const std::size_t any[] = {formats::SafeTensors::any_extent};
    if (options_.head == "logistic") state.intercepts = IG_TRY(source.tensors.read<float>("intercepts", any));
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
    const heads::EmbeddedRows found = IG_TRY(embed(inputs, context));
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

  Result<heads::EmbeddedRows> embed(std::span<const Input> inputs, Context& context) const {
    EmbedOptions options;
    options.truncate = Truncate::end;
    return heads::embed_rows(*embedder_, inputs, options, context);
  }

  Result<heads::Features> rows_of(const std::vector<std::string>& texts, Context& context) const {
    std::vector<Input> inputs;
    for (const std::string& text : texts) inputs.push_back(Input::text(text));
    heads::EmbeddedRows found = IG_TRY(embed(inputs, context));
    if (found.cut > 0) {
      context.say(LogLevel::warning, counted(found.cut, "text") + " of " + std::to_string(found.distinct) +
                                         " above the model's window of " + std::to_string(base_->card().window) +
                                         " tokens: cut at the end.");
    }
    return std::move(found.rows);
  }

  static Result<heads::Features> read_rows(const formats::ModelSource& source) {
    const std::size_t any[] = {formats::SafeTensors::any_extent};
    const std::size_t any_two[] = {formats::SafeTensors::any_extent, formats::SafeTensors::any_extent};
    if (source.tensors.tensors().contains("rows")) {
      const auto& shape = source.tensors.tensors().at("rows").shape;
      const auto values = IG_TRY(source.tensors.read<float>("rows", any_two));
      math::Matrix rows(shape[0], shape[1]);
      std::ranges::copy(values, rows.data());
      return heads::Features(std::move(rows));
    }
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
    const std::size_t rows = options_.head == "knn"                       ? state.labels.size()
                             : options_.head == "centroid" || classes > 2 ? classes
                                                                          : 1;
    const bool fits = classes >= 2 && state.rows.size() == rows && state.rows.dim() == base_->card().dimension &&
                      (options_.head != "logistic" || (state.intercepts.size() == rows && !state.rows.is_sparse())) &&
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
    p.state.emplace_back("columns", Json(static_cast<std::int64_t>(state.rows.dim())));
    p.trained_on = card_.trained_on;
    if (state.rows.is_sparse()) {
      const math::CsrView rows = state.rows.sparse();
      const std::vector<std::int64_t> starts(rows.starts.begin(), rows.starts.end());
      p.tensors.add<std::int64_t>("rows.starts", {starts.size()}, starts);
      p.tensors.add_view("rows.columns", {rows.column_of.size()}, rows.column_of);
      p.tensors.add_view("rows.values", {rows.values.size()}, rows.values);
    } else {
      const math::MatrixView rows = state.rows.dense();
      p.tensors.add_view("rows", {rows.rows, rows.columns},
                         std::span<const float>(rows.data, rows.rows * rows.columns));
    }
    if (!state.intercepts.empty())
      p.tensors.add_view("intercepts", {state.intercepts.size()}, std::span<const float>(state.intercepts));
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
    card_.bytes = base.bytes + head_->state().rows.size() * head_->state().rows.dim() * sizeof(float);
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

// What the base model is fitted on: the texts without their labels.
class Unlabelled final : public Dataset {
 public:
  explicit Unlabelled(const Dataset& data) : data_(data) {}
  const std::vector<std::string>& column_names() const override { return none_; }
  std::size_t blocks() const override { return data_.blocks(); }
  Status read_block(std::size_t block, const RecordSink& sink, Context& context) const override {
    return data_.read_block(
        block,
        [&](const Record& record) {
          Record text;
          text.text = record.text;
          return sink(text);
        },
        context);
  }
  std::string description() const override { return data_.description(); }

 private:
  const Dataset& data_;
  std::vector<std::string> none_;
};

Result<ModelPtr> train_on(const Dataset& data, const OptionValues& values, const TrainingRun& run, Context& context) {
  const auto options = IG_TRY(parse_options<ClassifierOptions>(values, "Family 'classifier'"));
  ModelPtr base = run.base;
  if (base == nullptr) {
    const Family* family = IG_TRY(find_family(options.vectors));
    if (family->train == nullptr || family == &classifier_family()) {
      return fail(Code::invalid_argument,
                  "'" + options.vectors + "' cannot be fitted on texts. Give a model: -m MODEL");
    }
    base = IG_TRY(family->train(Unlabelled(data), {}, context));
  }
  const auto model = std::make_shared<ClassifierModel>(options, std::move(base));
  IG_TRY(model->train(data, context));
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
