// SPDX-License-Identifier: Apache-2.0
// Static tables of token vectors (README.md): folders of model2vec, of sentence-transformers' StaticEmbedding, and
// those that distill() makes.
#include "model/static/static.hpp"

#include "core/json.hpp"
#include "formats/model_folder.hpp"
#include "model/static/static_model.hpp"

namespace isogloss::model {
namespace {

constexpr std::string_view kModel2vec = "model2vec";

Result<Json> json_of(const FileSet& files, const std::string& name) {
  if (files.is_single_file() || !files.has(name)) return Json();
  return Json::parse(IG_TRY(files.read(name)), (files.origin() / name).string());
}

bool is_module(const Json& module, std::string_view name) { return module["type"].as_string().ends_with(name); }

Recognised recognise(const FileSet& files) {
  const auto config = json_of(files, "config.json");
  if (config && ((*config)["model_type"].as_string() == kModel2vec ||
                 (*config)["isogloss"]["family"].as_string() == kStaticFamily)) {
    return Recognised::exact;
  }
  const auto modules = json_of(files, "modules.json");
  const bool ours = modules && !modules->as_array().empty() && is_module(modules->as_array()[0], "StaticEmbedding");
  return ours ? Recognised::exact : Recognised::none;
}

Result<StaticLayout> read_layout(const FileSet& files) {
  StaticLayout layout;
  const Json config = IG_TRY(json_of(files, "config.json"));
  layout.trained_on = config["trained_on"].as_string();
  layout.space_id = config["isogloss"]["space_id"].as_string();
  if (const std::int64_t format = config["isogloss"]["format"].as_integer(0); format > formats::kModelFormat) {
    return fail(Code::unsupported, "'" + (files.origin() / "config.json").string() + "' has model format " +
                                       std::to_string(format) + ". Use a newer isogloss.");
  }
  layout.drop_unknown = !config.is_null();
  layout.normalize = config["normalize"].as_bool(false);
  if (!config.is_null()) return layout;
  const Json sentence = IG_TRY(json_of(files, "config_sentence_transformers.json"));
  for (const auto& [name, prompt] : sentence["prompts"].as_object()) {
    if (prompt.as_string().empty()) continue;
    return fail(Code::unsupported, "'" + (files.origin() / "config_sentence_transformers.json").string() +
                                       "' puts the prompt '" + name + "' in front of texts; static tables read none.");
  }
  const Json modules = IG_TRY(json_of(files, "modules.json"));
  for (const Json& module : modules.as_array()) {
    if (is_module(module, "Normalize")) layout.normalize = true;
    const std::string_view path = module["path"].as_string();
    if (is_module(module, "StaticEmbedding"))
      layout.folder = path.empty() || path == "." ? "" : std::string(path) + "/";
    if (is_module(module, "StaticEmbedding") || is_module(module, "Normalize")) continue;
    return fail(Code::unsupported, "'" + (files.origin() / "modules.json").string() + "' puts a module '" +
                                       std::string(module["type"].as_string()) +
                                       "' behind a static table; only Normalize is known there.");
  }
  return layout;
}

Result<ModelPtr> load(const FileSet& files, const OptionValues&, Context& context) {
  return IG_TRY(StaticModel::open(files, IG_TRY(read_layout(files)), context));
}

}  // namespace

const Family& static_family() {
  static const Family family = {
      .name = kStaticFamily,
      .title = "Static token tables",
      .generation = "static words",
      .summary = "The mean of one vector per token: model2vec folders, and tables distilled from a sentence encoder.",
      .modalities = {Modality::text},
      .recognise = recognise,
      .load_options = nullptr,
      .train_options = nullptr,
      .embed_options = nullptr,
      .load = load,
      .train = nullptr,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
