// SPDX-License-Identifier: Apache-2.0
#include "tokens/counting/counting_model.hpp"

#include <algorithm>

#include "core/best_words.hpp"

namespace isogloss::tokens {
namespace {

class CountingReader final : public RowReader {
 public:
  CountingReader(const FeatureSet& features, WeighRow weigh) : reader_(features), weigh_(std::move(weigh)) {}

  Status read(const Input& input, WeightedRow& row) override {
    reader_.read(IG_TRY(text_of(input, text_)), counts_);
    row.units = counts_.units;
    row.values.resize(counts_.columns.size());
    weigh_(view_of(counts_), input.role, row.values);
    row.columns.swap(counts_.columns);
    return {};
  }

 private:
  FeatureReader reader_;
  WeighRow weigh_;
  CountRow counts_;
  std::string text_;
};

}  // namespace

KeepDocuments parse_keep(std::string_view text) {
  return text == "keep" ? KeepDocuments::keep : text == "drop" ? KeepDocuments::drop : KeepDocuments::automatic;
}

std::map<std::string, std::string> feature_files(const FeatureSet& features) {
  return {{"vocabulary.txt", features.names().to_lines()},
          {"analysis.json", to_json(features.spec().analyzer) + "\n"}};
}

Result<FeatureSet> read_features(const FeatureOptions& options, const FileSet& files) {
  const FeatureSpec spec =
      IG_TRY(load_feature_spec(options, IG_TRY(files.read("analysis.json")), "analysis.json"));
  return FeatureSet::make(spec, StringPack::from_lines(IG_TRY(files.read("vocabulary.txt"))));
}

std::unique_ptr<RowReader> make_counting_reader(const FeatureSet& features, WeighRow weigh) {
  return std::make_unique<CountingReader>(features, std::move(weigh));
}

std::size_t row_limit(KeepDocuments keep) { return keep == KeepDocuments::keep ? SIZE_MAX : kAutomaticEntries; }

std::optional<std::size_t> CountingModel::find_word(std::string_view word) const {
  if (const auto found = features_.find(word)) return found;
  if (features_.spec().unit != FeatureUnit::word) return std::nullopt;
  std::vector<Term> terms;
  features_.analyzer()->analyze(word, terms);
  if (terms.size() != 1) return std::nullopt;
  return features_.find(terms[0].text);
}

void CountingModel::word_vector(std::size_t index, std::span<float> out) const {
  over_documents_.vector_of(index, out);
}

Result<std::vector<WordScore>> CountingModel::near(std::string_view word, std::size_t n, Context& context) const {
  IG_TRY(context.check());
  if (over_documents_.documents == 0) {
    return fail(Code::unsupported,
                "this model has no word vectors: its documents were not kept. Train it with documents=keep.");
  }
  const auto index = find_word(word);
  if (!index) return fail(Code::not_found, "'" + std::string(word) + "' is not in the vocabulary of this model.");
  const std::vector<double> cosines = over_documents_.cosines(*index);
  const std::size_t own[] = {*index};
  return best_words<double>(cosines, [&](std::size_t i) { return features_.names()[i]; }, own, n);
}

Result<std::vector<WordScore>> CountingModel::terms(std::size_t n, Context& context) const {
  IG_TRY(context.check());
  return best_words<double>(weight_sums_, [&](std::size_t i) { return features_.names()[i]; }, {}, n);
}

Status CountingModel::fit(const Dataset& data, const FeatureSpec& spec, const LimitOptions& limits,
                          Occurrence occurrence, KeepDocuments keep, Context& context) {
  CountedFeatures counted = IG_TRY(count_features(data, spec, limits, occurrence, row_limit(keep), context));
  learn(counted);
  features_ = std::move(counted.features);
  weight_sums_.assign(features_.size(), 0.0);
  if (!counted.rows) return weigh_again(data, context);
  weigh_rows(*counted.rows, keep);
  return {};
}

void CountingModel::weigh_rows(const CountRows& rows, KeepDocuments keep) {
  std::vector<float> weights(rows.columns.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t begin = rows.starts[i];
    const std::size_t size = rows.starts[i + 1] - begin;
    const CountView row{std::span(rows.columns).subspan(begin, size), std::span(rows.counts).subspan(begin, size),
                        rows.units[i]};
    const std::span<float> values = std::span(weights).subspan(begin, size);
    weigh(row, Role::document, values);
    for (std::size_t k = 0; k < size; ++k) weight_sums_[row.columns[k]] += static_cast<double>(values[k]);
  }
  if (keep != KeepDocuments::drop) over_documents_ = TermDocuments::make(rows, weights, features_.size());
}

// The corpus was too large to keep its rows: its texts are read a second time for the sums.
Status CountingModel::weigh_again(const Dataset& data, Context& context) {
  const std::unique_ptr<RowReader> reader = make_reader();
  WeightedRow row;
  std::size_t texts = 0;
  return data.for_each(
      [&](const Record& record) -> Status {
        IG_TRY(reader->read(Input::text(record.text, Role::document), row));
        for (std::size_t k = 0; k < row.columns.size(); ++k) {
          weight_sums_[row.columns[k]] += static_cast<double>(row.values[k]);
        }
        if (++texts % 1024 != 0) return {};
        context.report({"weigh", "texts", static_cast<double>(texts), 0, 0});
        return context.check();
      },
      context);
}

void CountingModel::describe_card(std::string_view family, std::string_view trained_on, std::size_t documents) {
  card_.family = family;
  card_.modalities = {Modality::text};
  card_.dimension = features_.size();
  card_.sparse = true;
  card_.bytes = features_.bytes() + over_documents_.rows.size() * 8 + weight_sums_.size() * 8;
  card_.trained_on = trained_on;
  const FeatureSpec& spec = features_.spec();
  constexpr std::string_view kUnits[] = {"word", "char", "char_wb"};
  card_.facts["documents"] = std::to_string(documents);
  card_.facts["analyzer"] = spec.analyzer.name;
  card_.facts["unit"] = kUnits[static_cast<std::size_t>(spec.unit)];
  card_.facts["ngram_range"] = std::to_string(spec.min_n) + "-" + std::to_string(spec.max_n);
}

std::unique_ptr<RowReader> CountingModel::make_reader() const {
  return make_counting_reader(
      features_, [this](const CountView& row, Role role, std::span<float> values) { weigh(row, role, values); });
}

const void* CountingModel::find(AbilityId id) const {
  if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
  if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
  return nullptr;
}

}  // namespace isogloss::tokens
