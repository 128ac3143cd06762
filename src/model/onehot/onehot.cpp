// SPDX-License-Identifier: Apache-2.0
// One-hot vectors: a column per word of a list, or per category of named columns of a table, and a single 1 (one per
// table column). The beginning of every other representation: exact, sparse, and blind to meaning, since any two
// different words are equally far apart.
#include "model/onehot/onehot.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/best_words.hpp"
#include "core/text.hpp"
#include "formats/saved_family.hpp"
#include "tokens/analysis/word_map.hpp"
#include "tokens/counting/sparse_embedder.hpp"
#include "core/string_pack.hpp"

namespace isogloss::model {
namespace {

struct OnehotOptions {
  std::vector<std::string> columns;
  std::string unknown = "error";
};

template <class Visitor>
void describe(OnehotOptions& o, Visitor& v) {
  v("columns", o.columns, "Columns of the table to encode; none = the texts are words, one vector column each.");
  v("unknown", o.unknown, Choice{"error|zeros"}, "What a category not seen in training gives.");
}

// The categories of one column of the table (or of the word list), and the vector column of the first.
struct Field {
  std::string name;            // empty for a word list
  tokens::WordMap categories;  // id = place among the vector columns of the field
  std::vector<double> counts;  // (categories) occurrences in training
  std::uint32_t first = 0;
};

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Categories in the order of scikit-learn: by value when all are numbers, else by bytes.
Field sorted(const Field& field) {
  std::vector<std::uint32_t> order;
  bool numbers = true;
  for (std::uint32_t id = 0; id < field.categories.size(); ++id) {
    order.push_back(id);
    numbers = numbers && as_number(field.categories.word(id)).has_value();
  }
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const std::string_view left = field.categories.word(a);
    const std::string_view right = field.categories.word(b);
    if (numbers && as_number(left) != as_number(right)) return *as_number(left) < *as_number(right);
    return left < right;
  });
  Field out;
  out.name = field.name;
  for (const std::uint32_t id : order) {
    out.categories.insert(field.categories.word(id));
    out.counts.push_back(field.counts[id]);
  }
  return out;
}

void count(Field& field, std::string_view category) {
  const std::uint32_t id = field.categories.insert(category);
  if (id == field.counts.size()) field.counts.push_back(0);
  ++field.counts[id];
}

// The cells of a line of comma-separated values (RFC 4180).
std::vector<std::string> csv_cells(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

class OnehotReader final : public tokens::RowReader {
 public:
  OnehotReader(const std::vector<Field>& fields, const OnehotOptions& options) : fields_(fields), options_(options) {}

  // A word list reads the text as one word. A table reads one part per column, or one text of comma-separated cells.
  Status read(const Input& input, tokens::WeightedRow& row) override {
    row.columns.clear();
    row.values.clear();
    row.units = static_cast<std::uint32_t>(fields_.size());
    const std::string_view text = IG_TRY(tokens::text_of(input, scratch_));
    if (options_.columns.empty()) return add(fields_[0], trim(text), row);
    std::vector<std::string> cells;
    if (!input.further.empty()) {
      cells.emplace_back(input.part.text);
      for (const Part& part : input.further) cells.emplace_back(part.text);
    } else {
      cells = csv_cells(text);
    }
    if (cells.size() != fields_.size()) {
      return fail(Code::invalid_argument, "this model encodes " + counted(fields_.size(), "column") +
                                              ", the input has " + counted(cells.size(), "cell") + ".");
    }
    for (std::size_t i = 0; i < cells.size(); ++i) IG_TRY(add(fields_[i], cells[i], row));
    return {};
  }

 private:
  Status add(const Field& field, std::string_view category, tokens::WeightedRow& row) const {
    const std::uint32_t id = field.categories.find(category);
    if (id != tokens::WordMap::kNone) {
      row.columns.push_back(field.first + id);
      row.values.push_back(1.0F);
      return {};
    }
    if (options_.unknown == "zeros") return {};
    const std::string where = field.name.empty() ? "the word list" : "the categories of column '" + field.name + "'";
    return fail(Code::not_found, "'" + shortened(category, 60) + "' is not in " + where +
                                     ". Train with unknown=zeros to read it as zeros.");
  }

  const std::vector<Field>& fields_;
  const OnehotOptions& options_;
  std::string scratch_;
};

class OnehotModel final : public Model, public tokens::SparseEmbedder, public Vocabulary {
 public:
  using Options = OnehotOptions;
  static constexpr std::string_view kFamily = "onehot";

  explicit OnehotModel(Options options) : options_(std::move(options)) {}

  Status train(const Dataset& data, Context& context) {
    IG_TRY(options_.columns.empty() ? read_words(data, context) : read_table(data, context));
    finish(data.description());
    if (card_.dimension == 0) return fail(Code::invalid_argument, "there are no words or categories to encode.");
    return {};
  }

  Status open(const formats::ModelSource& source) {
    const Json fields = IG_TRY(Json::parse(IG_TRY(source.files->read("categories.json")), "categories.json"));
    for (const Json& item : fields.as_array()) {
      Field field;
      field.name = item["column"].as_string();
      for (const Json& category : item["categories"].as_array()) field.categories.insert(category.as_string());
      for (const Json& n : item["counts"].as_array()) field.counts.push_back(n.as_number());
      if (field.counts.size() != field.categories.size()) {
        return fail(Code::corrupt_data, "categories.json: column '" + field.name + "' has not one count per category.");
      }
      fields_.push_back(std::move(field));
    }
    if (fields_.size() != std::max<std::size_t>(1, options_.columns.size())) {
      return fail(Code::corrupt_data, "categories.json does not hold the columns of the options.");
    }
    finish(source.trained_on);
    return {};
  }

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    return formats::save_model_folder(folder, parts(), card_);
  }

  std::size_t word_count() const override { return names_.size(); }
  std::optional<std::size_t> find_word(std::string_view word) const override {
    const std::uint32_t id = places_.find(word);
    if (id == tokens::WordMap::kNone) return std::nullopt;
    return column_of_[id];
  }
  std::string_view word(std::size_t index) const override { return names_[index]; }
  std::size_t word_dimension() const override { return names_.size(); }
  void word_vector(std::size_t index, std::span<float> out) const override {
    std::ranges::fill(out, 0.0F);
    out[index] = 1.0F;
  }
  // Every other word has cosine 0: the first n by name.
  Result<std::vector<WordScore>> near(std::string_view word, std::size_t n, Context& context) const override {
    IG_TRY(context.check());
    const auto index = find_word(word);
    if (!index) return fail(Code::not_found, "'" + std::string(word) + "' is not in the vocabulary of this model.");
    return best(std::vector<double>(names_.size(), 0.0), n, *index);
  }
  Result<std::vector<WordScore>> terms(std::size_t n, Context& context) const override {
    IG_TRY(context.check());
    std::vector<double> counts;
    for (const Field& field : fields_) counts.insert(counts.end(), field.counts.begin(), field.counts.end());
    return best(counts, n, names_.size());
  }

 private:
  Status read_words(const Dataset& data, Context& context) {
    fields_.resize(1);
    return data.for_each(
        [&](const Record& record) -> Status {
          if (const std::string_view word = trim(record.text); !word.empty()) count(fields_[0], word);
          return {};
        },
        context);
  }

  Status read_table(const Dataset& data, Context& context) {
    std::vector<std::size_t> places;
    const std::vector<std::string>& known = data.column_names();
    for (const std::string& column : options_.columns) {
      const auto place = std::ranges::find(known, column);
      if (place == known.end()) {
        const std::string nearest = nearest_name(column, known);
        return fail(Code::invalid_argument, "the data has no column '" + column + "'." +
                                                (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
      }
      places.push_back(static_cast<std::size_t>(place - known.begin()));
      fields_.emplace_back().name = column;
    }
    IG_TRY(data.for_each(
        [&](const Record& record) -> Status {
          for (std::size_t i = 0; i < places.size(); ++i) {
            count(fields_[i], places[i] < record.columns.size() ? record.columns[places[i]] : std::string_view());
          }
          return {};
        },
        context));
    for (Field& field : fields_) field = sorted(field);
    return {};
  }

  void finish(std::string_view trained_on) {
    std::uint32_t first = 0;
    for (Field& field : fields_) {
      field.first = first;
      for (std::uint32_t id = 0; id < field.categories.size(); ++id) {
        const std::string category(field.categories.word(id));
        names_.add(field.name.empty() ? category : field.name + "_" + category);
        // "a" with "b_c" and "a_b" with "c" have the same name: the first column keeps it.
        if (places_.insert(names_[names_.size() - 1]) == column_of_.size()) {
          column_of_.push_back(static_cast<std::uint32_t>(names_.size() - 1));
        }
      }
      first += static_cast<std::uint32_t>(field.categories.size());
    }
    card_.family = kFamily;
    card_.modalities = {Modality::text};
    card_.dimension = names_.size();
    card_.sparse = true;
    card_.normalized = options_.columns.size() <= 1;
    card_.bytes = names_.bytes() + 2 * places_.bytes();
    card_.trained_on = trained_on;
    formats::ModelParts space = parts();
    space.trained_on.clear();
    card_.space_id = formats::space_id_of(space);
  }

  formats::ModelParts parts() const {
    formats::ModelParts p;
    p.family = kFamily;
    p.options = option_values(options_);
    p.trained_on = card_.trained_on;
    std::string& text = p.files["categories.json"];
    JsonWriter out(text);
    out.begin_array();
    for (const Field& field : fields_) {
      out.begin_object().field("column", field.name).key("categories").begin_array();
      for (std::uint32_t id = 0; id < field.categories.size(); ++id) out.value(field.categories.word(id));
      out.end_array().key("counts").begin_array();
      for (const double n : field.counts) out.value(n);
      out.end_array().end_object();
    }
    out.end_array();
    return p;
  }

  std::vector<WordScore> best(std::span<const double> scores, std::size_t n, std::size_t excluded) const {
    const std::size_t taken[] = {excluded};
    return best_words<double>(scores, [&](std::size_t i) { return names_[i]; }, taken, n);
  }

  std::unique_ptr<tokens::RowReader> make_reader() const override {
    return std::make_unique<OnehotReader>(fields_, options_);
  }
  const Card& embedder_card() const override { return card_; }
  const void* find(AbilityId id) const override {
    if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
    if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
    return nullptr;
  }

  OnehotOptions options_;
  std::vector<Field> fields_;
  StringPack names_;  // (columns)
  tokens::WordMap places_;    // names, each once
  std::vector<std::uint32_t> column_of_;  // (places_)
  Card card_;
};

}  // namespace

const Family& onehot_family() {
  static const Family family = formats::saved_family<OnehotModel>(
      "One-hot", "counting", "One column per word or category, a single 1 in each row.");
  return family;
}

}  // namespace isogloss::model
