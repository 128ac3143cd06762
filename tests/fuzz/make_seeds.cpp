// SPDX-License-Identifier: Apache-2.0
// Writes the seeds that are not text: fuzz_seeds tests/fuzz/corpus
#include <filesystem>
#include <iostream>
#include <vector>

#include "core/file.hpp"
#include "formats/fasttext_file.hpp"
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
  const auto scan = IG_TRY(make_scan_index({2, Metric::dot, DType::bf16}));
  std::vector<std::int64_t> ids(1100);
  Vectors rows = Vectors::dense(ids.size(), 2);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<std::int64_t>(i);
    rows.row_f32(i)[0] = static_cast<float>(i % 37) - 9;
    rows.row_f32(i)[1] = static_cast<float>(i % 11) - 7;
  }
  IG_TRY(scan->add(ids, rows.view(), context));
  IG_TRY(scan->save(corpus / "scan_index" / "1100_rows_format_2", {"space", 9}, context));
  const auto sparse = IG_TRY(make_sparse_index({12, Metric::dot}));
  Vectors weights = Vectors::sparse(12);
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::vector<std::uint32_t> columns{0, 1 + i % 5, 6 + i % 6};
    weights.append_sparse(columns, std::vector<float>{0.5F, static_cast<float>(i % 9), 1.0F});
  }
  IG_TRY(sparse->add(std::span(ids).first(300), weights, context));
  IG_TRY(sparse->save(corpus / "sparse_index" / "300_rows", {"space", 9}, context));
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
    if (family->name == "word2vec") options = {{"dim", std::int64_t{4}}, {"min_count", std::int64_t{1}}};
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

// A block of every type that is dequantised, and the heads of models.
Status write_gguf_models(const fs::path& corpus) {
  formats::GgufBuilder blocks;
  for (const std::string_view type :
       {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"}) {
    const formats::GgmlType& t = *formats::ggml_type(type);
    blocks.tensor(type, {1, t.block_elements}, type, std::string(t.block_bytes, 'Z'));
  }
  IG_TRY(write_file(corpus / "gguf" / "blocks", blocks.finish()));
  for (const std::string arch : {"bert", "nomic-bert", "modern-bert", "gpt2", "llama", "qwen3", "gemma-embedding"}) {
    formats::GgufBuilder model;
    model.key("general.architecture", arch).key(arch + ".block_count", 2U).key(arch + ".embedding_length", 4U);
    model.key(arch + ".feed_forward_length", 4U).key(arch + ".attention.head_count", 2U);
    model.key(arch + ".attention.head_count_kv", 1U).key(arch + ".context_length", 8U).key(arch + ".pooling_type", 1U);
    model.key(arch + ".attention.key_length", 2U).key(arch + ".attention.sliding_window", 4U);
    model.key(arch + ".attention.layer_norm_epsilon", 1e-5F).key(arch + ".attention.layer_norm_rms_epsilon", 1e-5F);
    model.key(arch + ".rope.freq_base", 1e4F).key(arch + ".rope.scaling.type", "linear");
    if (arch == "gemma-embedding") {
      model.numbers<std::uint8_t>(arch + ".attention.sliding_window_pattern", formats::GgufType::boolean, {1, 0});
    }
    model.tensor("token_embd.weight", {3, 4}, "F32", std::string(48, '\0'));
    model.tensor("position_embd.weight", {8, 4}, "F16", std::string(64, '\0'));
    if (arch == "llama") model.tensor("rope_freqs.weight", {1}, "F32", std::string("\0\0\x80\x3f", 4));
    IG_TRY(write_file(corpus / "gguf" / arch, model.finish()));
  }
  return {};
}

Status write_gguf(const fs::path& corpus) {
  using formats::GgufType;
  formats::GgufBuilder builder;
  builder.key("general.architecture", "bert")
      .key("general.alignment", 32u)
      .key("bert.rate", 0.5F)
      .key("bert.causal", false);
  builder.raw_key("bert.i8", GgufType::i8, std::int8_t{-1}).raw_key("bert.u64", GgufType::u64, std::uint64_t{7});
  builder.raw_key("bert.f64", GgufType::f64, 1.5).array("bert.words", std::vector<std::string>{"a", "", "the"});
  builder.array("bert.scores", std::vector<float>{0, -1}).array("bert.types", std::vector<std::int32_t>{1, 3});
  builder.tensor("token_embd.weight", {2, 3}, "F32", std::string(24, '\1'))
      .tensor("q", {1, 32}, "Q8_0", std::string(34, '\2'));
  IG_TRY(write_file(corpus / "gguf" / "every_kind", builder.finish()));
  return write_gguf_models(corpus);
}

// Each with the letter that tells fuzz_tokenizer_files what it is.
Status write_gguf_vocabularies(const fs::path& corpus) {
  using Words = std::vector<std::string>;
  using Types = std::vector<std::int32_t>;
  const auto builder = [](const char* model, const Words& words, const Types& types) {
    formats::GgufBuilder out;
    out.key("tokenizer.ggml.model", model)
        .array("tokenizer.ggml.tokens", words)
        .array("tokenizer.ggml.token_type", types);
    return out;
  };
  const auto write = [&](const char* name, const formats::GgufBuilder& file) {
    return write_file(corpus / "tokenizer_files" / name, "g" + file.finish());
  };
  const Words pieces{"<unk>", "<s>", "</s>", "\u2581", "a", "b", "\u2581a", "ab", "<0x41>", "user"};
  const Types types{2, 3, 3, 1, 1, 1, 5, 1, 6, 4};
  const std::vector<float> scores{0, 0, 0, -4, -5, -5, -2, -1, 0, 0};
  IG_TRY(write("gguf_llama", builder("llama", pieces, types).array("tokenizer.ggml.scores", scores)));
  IG_TRY(write("gguf_t5", builder("t5", pieces, types).array("tokenizer.ggml.scores", scores)));
  const Words words{"[UNK]", "[CLS]", "[SEP]", "\u2581the", "\u2581hug", "s", "[unused0]"};
  IG_TRY(write("gguf_bert", builder("bert", words, {3, 3, 3, 1, 1, 1, 1}).key("tokenizer.ggml.bos_token_id", 1u)));
  formats::GgufBuilder gpt2 =
      builder("gpt2", {"<s>", "</s>", "a", "b", "\u0120", "ab", "\u0120ab", "u"}, {3, 3, 1, 1, 1, 1, 1, 4});
  gpt2.array("tokenizer.ggml.merges", Words{"a b", "\u0120 ab"}).key("tokenizer.ggml.pre", "roberta-bpe");
  return write("gguf_gpt2", gpt2);
}

// A dense word model and a quantised classifier of which n-grams were left out.
Status write_fasttext_files(const fs::path& corpus) {
  formats::FasttextFile words;
  words.settings.dim = 2;
  words.words.add("</s>");
  words.words.add("cat");
  words.word_counts = {3, 2};
  words.input = formats::FasttextMatrix::dense({1, 2, 3, 4}, 2, 2);
  words.output = formats::FasttextMatrix::dense({5, 6, 7, 8}, 2, 2);
  IG_TRY(formats::write_fasttext_file(words, corpus / "fasttext_file" / "words.bin"));
  formats::FasttextFile classifier = std::move(words);
  classifier.settings.kind = formats::FasttextKind::supervised;
  classifier.settings.bucket = 3;
  classifier.settings.maxn = 4;
  classifier.labels.add("__label__pet");
  classifier.label_counts = {1};
  classifier.pruned = true;
  classifier.kept = {{2, 0}};
  classifier.input = {};
  classifier.input.rows = 3;
  classifier.input.columns = 2;
  classifier.input.quantised = true;
  classifier.input.part = 2;
  classifier.input.codes = {0, 255, 1};
  classifier.input.centroids.assign(512, 0.25F);
  classifier.input.norm_codes = {1, 2, 3};
  classifier.input.norm_centroids.assign(256, 1.0F);
  classifier.output = formats::FasttextMatrix::dense({5, 6}, 1, 2);
  return formats::write_fasttext_file(classifier, corpus / "fasttext_file" / "classifier.ftz");
}

Status run(const fs::path& corpus) {
  for (const char* name : {"term_index", "flat_index", "scan_index", "sparse_index", "model_folder", "safetensors", "analyzer_spec",
                           "gguf", "tokenizer_files", "fasttext_file"}) {
    fs::create_directories(corpus / name);
  }
  IG_TRY(write_indexes(corpus));
  IG_TRY(write_gguf(corpus));
  IG_TRY(write_gguf_vocabularies(corpus));
  IG_TRY(write_fasttext_files(corpus));
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
