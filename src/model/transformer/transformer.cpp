// SPDX-License-Identifier: Apache-2.0
// Encoders of Hugging Face folders (README.md): config.json to an architecture, the tokenizer, what stands around the
// encoder.
#include "model/transformer/transformer.hpp"

#include <algorithm>

#include "core/describe.hpp"
#include "core/json.hpp"
#include "model/transformer/convert.hpp"
#include "model/transformer/transformer_model.hpp"
#include "model/transformer/weights.hpp"
#include "nn/encoder/architectures/architectures.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;

struct TransformerOptions {
  std::string compute = "auto";
};

template <class Visitor>
void describe(TransformerOptions& o, Visitor& v) {
  v("compute", o.compute, Choice{"auto|f32|bf16|int8"},
    "Arithmetic of calls that do not ask for one; auto is bf16 where the CPU multiplies it faster, else f32.");
}

Result<Json> config_of(const FileSet& files) {
  const std::string text = IG_TRY(files.read("config.json"));
  return Json::parse(text, (files.origin() / "config.json").string());
}

// A GGUF file, a folder with one and no other weights, or a config.json with a known "model_type" that isogloss did not
// write.
Recognised recognise(const FileSet& files) {
  if (const auto gguf = gguf_file(files); !gguf || !gguf->empty()) return Recognised::exact;
  if (files.is_single_file() || !files.has("config.json")) return Recognised::none;
  const auto config = config_of(files);
  if (!config || !(*config)["model_type"].is_string() || config->find("isogloss") != nullptr) return Recognised::none;
  const auto known = nn::known_architectures();
  const bool runs = std::ranges::find(known, (*config)["model_type"].as_string()) != known.end();
  return runs ? Recognised::exact : Recognised::weak;
}

Result<ModelPtr> load(const FileSet& files, const OptionValues& values, Context& context) {
  const auto options = IG_TRY(parse_options<TransformerOptions>(values, "Family 'transformer'"));
  const std::string gguf = IG_TRY(gguf_file(files));
  const Json config = gguf.empty() ? IG_TRY(config_of(files)) : IG_TRY(gguf_config(files, gguf));
  const fs::path where = gguf.empty() ? files.origin() / "config.json" : files.path(gguf);
  nn::Architecture architecture = IG_TRY(nn::architecture_of(config, where.string()));
  SentenceModules modules = IG_TRY(read_sentence_modules(files, config, architecture.config));
  if (!gguf.empty()) IG_TRY(add_gguf_modules(files, gguf, modules));
  // No table needs more rows than a text may have tokens.
  if (modules.max_tokens != 0 && architecture.config.positions == 0)
    architecture.config.max_tokens = modules.max_tokens;
  TokenizerPtr tokenizer = IG_TRY(load_tokenizer(files.origin(), {}, context));
  auto model = std::make_shared<TransformerModel>(files, std::move(architecture), std::move(modules),
                                                  std::move(tokenizer), options.compute);
  IG_TRY(model->open(config));
  context.say(LogLevel::debug, "'" + files.origin().string() + "' reads " + std::to_string(model->card().window) +
                                   " tokens (" + model->card().facts.at("window from") + ")");
  return model;
}

}  // namespace

const Family& transformer_family() {
  static const Family family = {
      .name = kTransformerFamily,
      .title = "Transformer encoders",
      .generation = "contextual",
      .summary = "Sentence encoders and cross-encoders from Hugging Face folders: BERT and what came after it.",
      .modalities = {Modality::text},
      .recognise = recognise,
      .load_options = [] { return option_infos<TransformerOptions>(); },
      .train_options = nullptr,
      .embed_options = nullptr,
      .load = load,
      .train = nullptr,
      .estimate_memory = nullptr,
      .convert = convert_transformer,
  };
  return family;
}

}  // namespace isogloss::model
