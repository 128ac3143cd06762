// SPDX-License-Identifier: Apache-2.0
// Writes the seeds that are not text: fuzz_seeds tests/fuzz/corpus
#include <filesystem>
#include <iostream>
#include <vector>

#include "core/file.hpp"
#include "formats/gguf_test_support.hpp"
#include "formats/model_folder.hpp"
#include "isogloss/family.hpp"
#include "isogloss/index.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;

Status write_indexes(const fs::path& corpus) {
  Context context;
  const auto terms = IG_TRY(make_term_index({}));
  const auto flat = IG_TRY(make_flat_index({4, Metric::cosine, DType::f32}));
  for (std::int64_t id = 1; id <= 300; ++id) {
    const std::string word = "word" + std::to_string(id % 9), rare = "rare" + std::to_string(id);
    const std::vector<TermCount> counts{{"common", 2}, {word, static_cast<std::uint32_t>(id % 5 + 1)}, {rare, 1}};
    const std::vector<TermDocument> documents{{id, counts, static_cast<std::uint32_t>(4 + id % 7)}};
    IG_TRY(terms->add(documents, context));
    Vectors row = Vectors::dense(1, 4);
    for (std::size_t j = 0; j < 4; ++j)
      row.row_f32(0)[j] = static_cast<float>((id * 7 + static_cast<std::int64_t>(j) * 3) % 11);
    const std::int64_t ids[] = {id};
    if (id <= 40) IG_TRY(flat->add(ids, row.view(), context));
  }
  IG_TRY(terms->save(corpus / "term_index" / "300_documents", {"terms-1", 9}, context));
  return flat->save(corpus / "flat_index" / "40_rows", {"space", 9}, context);
}

Status write_models(const fs::path& corpus) {
  Context context;
  const tokens::MemoryDataset data({"the red cat saw a dog", "a red dog saw the cat", "the black cat", "a dog"});
  for (const Family* family : families()) {
    if (family->train == nullptr) continue;
    OptionValues options;
    if (family->name == "lsa") options.set("dim", std::int64_t{2});
    if (family->name == "hashing") options.set("n_features", std::int64_t{64});
    const ModelPtr model = IG_TRY(family->train(data, options, context));
    const fs::path folder = corpus / "folder";
    IG_TRY(model->save(folder, context));
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename() != "README.md")
        files[entry.path().filename().string()] = IG_TRY(read_file(entry.path()));
    }
    fs::remove_all(folder);
    IG_TRY(write_file(corpus / "model_folder" / family->name, formats::pack_files(files)));
    const auto tensors = files.find("model.safetensors");
    if (tensors != files.end()) IG_TRY(write_file(corpus / "safetensors" / family->name, tensors->second));
    const auto analysis = files.find("analysis.json");
    if (analysis != files.end()) IG_TRY(write_file(corpus / "analyzer_spec" / family->name, analysis->second));
  }
  return {};
}

Status write_gguf(const fs::path& corpus) {
  using formats::GgufType;
  formats::GgufBuilder builder;
  builder.key("general.architecture", "bert").key("general.alignment", 32u).key("bert.rate", 0.5F).key("bert.causal", false);
  builder.raw_key("bert.i8", GgufType::i8, std::int8_t{-1}).raw_key("bert.u64", GgufType::u64, std::uint64_t{7});
  builder.raw_key("bert.f64", GgufType::f64, 1.5).array("bert.words", std::vector<std::string>{"a", "", "the"});
  builder.array("bert.scores", std::vector<float>{0, -1}).array("bert.types", std::vector<std::int32_t>{1, 3});
  builder.tensor("token_embd.weight", {2, 3}, "F32", std::string(24, '\1')).tensor("q", {1, 32}, "Q8_0", std::string(34, '\2'));
  return write_file(corpus / "gguf" / "every_kind", builder.finish());
}

Status run(const fs::path& corpus) {
  for (const char* name : {"term_index", "flat_index", "model_folder", "safetensors", "analyzer_spec", "gguf"}) {
    fs::create_directories(corpus / name);
  }
  IG_TRY(write_indexes(corpus));
  IG_TRY(write_gguf(corpus));
  return write_models(corpus);
}

}  // namespace
}  // namespace isogloss

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const isogloss::Status status = isogloss::run(arguments[1]);
  if (!status) std::cerr << status.error().message << "\n";
  return status ? 0 : 1;
}
