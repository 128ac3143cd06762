// SPDX-License-Identifier: Apache-2.0
// Runs jobs for counting_test.py: reads {"fit":[texts],"test":[texts],"columns":[names],"table":[[cells]],"jobs":[{
// "family":"tfidf","options":{...}}]} from a file and writes one line of JSON per job to standard output. A job of
// family "analyze" gives the features of every test text in their order.
#include <cstdio>

#include "core/describe.hpp"
#include "core/file.hpp"
#include "isogloss/family.hpp"
#include "tokens/counting/feature_spec.hpp"
#include "tokens/counting/flat_features.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

struct AnalyzeOptions {
  tokens::FeatureOptions features;
};

template <class Visitor>
void describe(AnalyzeOptions& o, Visitor& v) {
  tokens::describe_features(o.features, v);
}

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.as_array()) out.emplace_back(item.as_string());
  return out;
}

Status analyze(const OptionValues& values, const std::vector<std::string>& texts, JsonWriter& out) {
  const auto options = IG_TRY(parse_options<AnalyzeOptions>(values, "analyze"));
  const tokens::FeatureSpec spec = IG_TRY(tokens::make_feature_spec(options.features));
  tokens::FlatFeatures features(IG_TRY(tokens::TextAnalyzer::make(spec.analyzer)), spec);
  out.begin_object().key("features").begin_array();
  for (const std::string& text : texts) {
    out.begin_array();
    features.for_each(text, [&](std::string_view feature) { out.value(feature); });
    out.end_array();
  }
  out.end_array().end_object();
  return {};
}

void write_rows(const Embedding& embedding, std::size_t rows, JsonWriter& out) {
  out.key("rows").begin_array();
  for (std::size_t i = 0; i < rows; ++i) {
    out.begin_array();
    if (embedding.sparse.is_sparse()) {
      const SparseRow row = embedding.sparse.row_sparse(i);
      out.begin_array();
      for (const std::uint32_t column : row.columns) out.value(column);
      out.end_array().values(row.values);
    } else {
      out.values(embedding.dense.row_f32(i));
    }
    out.end_array();
  }
  out.end_array();
}

Status embed(const Json& job, const Dataset& data, const std::vector<std::string>& texts, JsonWriter& out) {
  Context context;
  const Family* family = IG_TRY(find_family(job["family"].as_string()));
  const ModelPtr model = IG_TRY(family->train(data, option_values_from_json(job["options"]), context));
  std::vector<Input> inputs;
  for (const std::string& text : texts) {
    inputs.push_back(Input::text(text, job["role"].as_string() == "query" ? Role::query : Role::document));
  }
  const Embedding embedding = IG_TRY(model->ability<Embedder>()->embed(inputs, {}, context));
  out.begin_object().key("names").begin_array();
  if (const Vocabulary* words = model->ability<Vocabulary>()) {
    for (std::size_t i = 0; i < words->word_count(); ++i) out.value(words->word(i));
  }
  out.end_array().key("sums").begin_array();
  if (const Vocabulary* words = model->ability<Vocabulary>()) {
    for (const WordScore& term : IG_TRY(words->terms(50, context))) out.value(term.score);
  }
  out.end_array();
  write_rows(embedding, texts.size(), out);
  out.end_object();
  return {};
}

Status run(const char* path) {
  const Json input = IG_TRY(Json::parse(IG_TRY(read_file(path)), path));
  const std::vector<std::string> texts = strings(input["test"]);
  const tokens::MemoryDataset fit(strings(input["fit"]));
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : input["table"].as_array()) cells.push_back(strings(row));
  const tokens::MemoryDataset table(strings(input["columns"]), cells);
  std::vector<std::string> table_texts;
  Context context;
  IG_TRY(table.for_each(
      [&](const Record& record) -> Status {
        table_texts.emplace_back(record.text);
        return {};
      },
      context));
  for (const Json& job : input["jobs"].as_array()) {
    std::string line;
    JsonWriter out(line);
    const bool of_table = job["family"].as_string() == "onehot";
    const Status status = job["family"].as_string() == "analyze"
                              ? analyze(option_values_from_json(job["options"]), texts, out)
                              : embed(job, of_table ? table : fit, of_table ? table_texts : texts, out);
    if (!status) {
      line.clear();
      JsonWriter(line).begin_object().field("error", status.error().message).end_object();
    }
    std::printf("%s\n", line.c_str());
  }
  return {};
}

}  // namespace
}  // namespace isogloss

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const isogloss::Status status = isogloss::run(arguments[1]);
  if (!status) std::fprintf(stderr, "counting_driver: %s\n", status.error().message.c_str());
  return status ? 0 : 1;
}
