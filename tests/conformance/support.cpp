// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

namespace isogloss::conformance {
namespace {

constexpr std::array kColours{"red", "brown", "white", "black", "grey"};
constexpr std::array kAnimals{"cat", "dog", "horse", "crow", "mouse", "fox"};
constexpr std::array kVerbs{"chased", "saw", "heard", "followed"};

class SampleData final : public Dataset {
 public:
  SampleData() {
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::string colour = kColours[i % kColours.size()];
      const std::string animal = kAnimals[(i * 7 + i / 6) % kAnimals.size()];
      const std::string verb = kVerbs[(i / 3) % kVerbs.size()];
      cells_.push_back({colour, animal});
      texts_.push_back("the " + colour + " " + animal + " " + verb + " a " + kAnimals[i % kAnimals.size()]);
    }
  }
  const std::vector<std::string>& column_names() const override { return names_; }
  std::size_t blocks() const override { return 3; }
  Status read_block(std::size_t block, const RecordSink& sink, Context& context) const override {
    IG_TRY(context.check());
    for (std::size_t i = block * kRows / 3; i < (block + 1) * kRows / 3; ++i) {
      const std::array<std::string_view, 2> columns{cells_[i][0], cells_[i][1]};
      Record record;
      record.text = texts_[i];
      record.label = i % 2 == 0 ? "even" : "odd";
      record.columns = columns;
      IG_TRY(sink(record));
    }
    return {};
  }
  std::string description() const override { return "90 sample texts"; }

 private:
  static constexpr std::size_t kRows = 90;
  std::vector<std::string> names_{"colour", "animal"};
  std::vector<std::array<std::string, 2>> cells_;
  std::vector<std::string> texts_;
};

bool has_option(const Family& family, std::string_view name) {
  if (family.train_options == nullptr) return false;
  for (const OptionInfo& info : family.train_options()) {
    if (info.name == name) return true;
  }
  return false;
}

std::vector<FamilyCase> opened_cases(const Family& family) {
  std::vector<FamilyCase> cases;
  if (family.name == "word2vec") {
    return {{"word2vec_text", &family, {}, "words/animals.vec"},
            {"word2vec_binary", &family, {{"pool", std::string("sif")}}, "words/animals.bin"}};
  }
  if (family.name == "glove") {
    return {{"glove_text", &family, {{"pool", std::string("idf")}, {"normalize", true}}, "words/animals.glove.txt"}};
  }
  if (family.name == "fasttext") {
    return {{"fasttext_bin", &family, {{"pool", std::string("sif")}}, "words/animals.fasttext.bin"},
            {"fasttext_ftz", &family, {}, "words/animals.fasttext.ftz"}};
  }
  if (family.name == "static") {
    for (const char* kind : {"model2vec_int8_weights", "model2vec_mapping", "sentence_transformers_mean"}) {
      cases.push_back({"static_" + std::string(kind), &family, {}, "static/" + std::string(kind)});
    }
    return cases;
  }
  if (family.name != "transformer") return cases;
  for (const char* compute : {"f32", "bf16", "int8"}) {
    cases.push_back(
        {"transformer_" + std::string(compute), &family, {{"compute", std::string(compute)}}, "transformers/bert"});
  }
  for (const char* kind : {"splade", "modernbert", "qwen3", "mpnet", "cross_bert"}) {
    cases.push_back({"transformer_" + std::string(kind), &family, {}, "transformers/" + std::string(kind)});
  }
  return cases;
}

std::string_view bytes_of(const void* data, std::size_t size) { return {static_cast<const char*>(data), size}; }

std::vector<std::string> make_probes() {
  std::vector<std::string> texts{"",
                                 " \t\n  ",
                                 "the red cat saw a dog",
                                 "red,cat",
                                 "grey,fox",
                                 "a crow, a crow",
                                 "quixotic zymurgy",
                                 "\xFF\xFE cat \xC3",
                                 std::string("cat\0dog", 7),
                                 std::string(3, '\0'),
                                 "CAT caf\xC3\xA9 \xF0\x9F\x90\x88 \xE7\x8C\xAB"};
  std::string huge;
  for (std::size_t i = 0; huge.size() < (std::size_t{1} << 20); ++i) {
    huge += kAnimals[i % kAnimals.size()];
    huge += i % 97 == 0 ? "\xF5" : " ";
  }
  texts.push_back(std::move(huge));
  texts.push_back(std::string(std::size_t{1} << 20, 'x'));
  return texts;
}

}  // namespace

std::vector<FamilyCase> family_cases() {
  std::vector<FamilyCase> cases;
  for (const Family* family : families()) {
    const std::vector<FamilyCase> opened = opened_cases(*family);
    cases.insert(cases.end(), opened.begin(), opened.end());
    if (family->train == nullptr) continue;
    FamilyCase plain{std::string(family->name), family, {}};
    if (has_option(*family, "deterministic")) plain.options.set("deterministic", true);
    if (has_option(*family, "dim")) plain.options.set("dim", std::string("8"));
    cases.push_back(plain);
    if (has_option(*family, "label_prefix")) {
      FamilyCase classifier = plain;
      classifier.name += "_supervised";
      classifier.options.set("model", std::string("supervised"));
      cases.push_back(classifier);
    }
    if (has_option(*family, "columns")) {
      FamilyCase table = plain;
      table.name += "_columns";
      table.options.set("columns", std::string("colour,animal"));
      cases.push_back(table);
    }
  }
  return cases;
}

std::vector<FamilyCase> model_cases() {
  std::vector<FamilyCase> cases = family_cases();
  std::erase_if(cases, [](const FamilyCase& test) { return test.family->train == nullptr && test.folder.empty(); });
  return cases;
}

std::string case_name(const testing::TestParamInfo<FamilyCase>& info) { return info.param.name; }

std::unique_ptr<Dataset> sample_data() { return std::make_unique<SampleData>(); }

Result<ModelPtr> train_case(const FamilyCase& test, Context& context) {
  return test.family->train(*sample_data(), test.options, context);
}

namespace {

// The folder of a case that is opened.
Result<ModelPtr> open_case(const FamilyCase& test, Context& context) {
  const char* source = std::getenv("ISOGLOSS_SOURCE_DIR");
  const FileSet files = IG_TRY(FileSet::open(std::filesystem::path(source) / "tests/golden" / test.folder));
  return test.family->load(files, test.options, context);
}

}  // namespace

ModelPtr model_of(const FamilyCase& test) {
  static std::mutex mutex;
  static std::map<std::string, ModelPtr> models;
  const std::lock_guard lock(mutex);
  ModelPtr& model = models[test.name];
  if (model == nullptr) {
    Context context;
    Result<ModelPtr> trained = test.folder.empty() ? train_case(test, context) : open_case(test, context);
    EXPECT_TRUE(trained) << test.name << ": " << (trained ? "" : trained.error().message);
    if (trained) model = *trained;
  }
  return model;
}

const std::vector<std::string>& probe_texts() {
  static const std::vector<std::string> texts = make_probes();
  return texts;
}

std::vector<Input> inputs_of(const std::vector<std::string>& texts) {
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text));
  return inputs;
}

std::string row_bits(const Embedding& embedding, std::size_t row) {
  std::string out;
  if (embedding.reports[row].error) out = std::string(code_name(embedding.reports[row].error->code)) + ":";
  if (embedding.sparse.is_sparse()) {
    const SparseRow sparse = embedding.sparse.row_sparse(row);
    out += bytes_of(sparse.columns.data(), sparse.columns.size_bytes());
    out += bytes_of(sparse.values.data(), sparse.values.size_bytes());
  } else {
    const std::span<const float> dense = embedding.dense.row_f32(row);
    out += bytes_of(dense.data(), dense.size_bytes());
  }
  return out;
}

std::vector<std::string> all_bits(const Embedding& embedding) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < embedding.reports.size(); ++i) out.push_back(row_bits(embedding, i));
  return out;
}

double row_norm(const Embedding& embedding, std::size_t row) {
  const std::span<const float> values =
      embedding.sparse.is_sparse() ? embedding.sparse.row_sparse(row).values : embedding.dense.row_f32(row);
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

std::vector<std::string> probe_bits(const Model& model, Context& context) {
  const Embedder* embedder = model.ability<Embedder>();
  if (embedder == nullptr) return {};
  const auto embedding = embedder->embed(inputs_of(probe_texts()), skipping(), context);
  EXPECT_TRUE(embedding) << (embedding ? "" : embedding.error().message);
  return embedding ? all_bits(*embedding) : std::vector<std::string>();
}

}  // namespace isogloss::conformance
