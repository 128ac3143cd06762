// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/sentence_modules.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.hpp"

namespace isogloss::model {
namespace {

constexpr std::array<std::pair<std::string_view, Pooling>, 6> kPoolings = {{
    {"cls", Pooling::cls},
    {"max", Pooling::max},
    {"mean", Pooling::mean},
    {"mean_sqrt_len_tokens", Pooling::mean_sqrt_len},
    {"weightedmean", Pooling::weighted_mean},
    {"lasttoken", Pooling::last},
}};
// The switches of older files, in the order their results are joined.
constexpr std::array<std::pair<std::string_view, Pooling>, 6> kPoolingSwitches = {{
    {"pooling_mode_cls_token", Pooling::cls},
    {"pooling_mode_max_tokens", Pooling::max},
    {"pooling_mode_mean_tokens", Pooling::mean},
    {"pooling_mode_mean_sqrt_len_tokens", Pooling::mean_sqrt_len},
    {"pooling_mode_weightedmean_tokens", Pooling::weighted_mean},
    {"pooling_mode_lasttoken", Pooling::last},
}};

class Reader {
 public:
  Reader(const FileSet& files, const Json& config, const nn::EncoderConfig& encoder)
      : files_(files), config_(config), encoder_(encoder) {}

  Result<SentenceModules> read() {
    if (files_.has("modules.json")) {
      IG_TRY(modules());
    } else {
      IG_TRY(head_of_architecture());
    }
    IG_TRY(limits());
    IG_TRY(prompts());
    return std::move(out_);
  }

 private:
  std::string where(const std::string& name) const { return (files_.origin() / name).string(); }

  // A JSON file, or null when it is not there.
  Result<Json> json(const std::string& name) const {
    if (!files_.has(name)) return Json();
    const std::string text = IG_TRY(files_.read(name));
    return Json::parse(text, where(name));
  }

  // The last part of a module's type: "sentence_transformers.models.Pooling" and its newer homes.
  static std::string_view type_name(const Json& module) {
    const std::string_view type = module["type"].as_string();
    const std::size_t dot = type.rfind('.');
    return dot == std::string_view::npos ? type : type.substr(dot + 1);
  }

  Status modules() {
    const Json list = IG_TRY(json("modules.json"));
    bool pooled = false;
    for (const Json& module : list.as_array()) {
      const std::string_view type = type_name(module);
      std::string folder(module["path"].as_string());
      if (!folder.empty()) folder += '/';
      if (type == "Transformer" || type == "MLMTransformer") {
        if (!folder.empty() && !files_.has("config.json")) {
          return fail(Code::unsupported,
                      where("modules.json") + ": the encoder lies in '" + folder + "'. Give the path of that folder.");
        }
        if (type == "MLMTransformer") out_.head = Head::splade;
      } else if (type == "Pooling") {
        pooled = true;
        IG_TRY(pooling(folder));
      } else if (type == "Dense") {
        IG_TRY(dense(folder, !pooled));
      } else if (type == "Normalize") {
        out_.normalize = true;
      } else if (type == "SpladePooling") {
        IG_TRY(splade(folder));
      } else if (type != "Dropout" && type != "MultiVectorMask") {
        return fail(Code::unsupported, where("modules.json") + ": the module '" +
                                           std::string(module["type"].as_string()) +
                                           "' is not known here (Transformer, Pooling, Dense, Normalize, SpladePooling "
                                           "are).");
      }
    }
    const bool late = !pooled && out_.head == Head::sentence && !out_.dense.empty();
    if (late || architecture() == "HF_ColBERT") out_.head = Head::tokens;
    return {};
  }

  std::string_view architecture() const {
    const auto list = config_["architectures"].as_array();
    return list.empty() ? std::string_view() : list[0].as_string();
  }

  Status head_of_architecture() {
    if (architecture().ends_with("ForSequenceClassification")) out_.head = Head::pairs;
    if (architecture() == "HF_ColBERT") {
      out_.head = Head::tokens;
      out_.normalize = true;
    }
    return {};
  }

  Status pooling(const std::string& folder) {
    const std::string name = folder + "config.json";
    if (!files_.has(name)) {
      return fail(Code::not_found, "'" + where(name) +
                                       "' is missing; modules.json names that folder. Get the whole folder "
                                       "of the model, its subfolders too.");
    }
    const Json config = IG_TRY(json(name));
    std::vector<Pooling> modes;
    const Json& newer = config["pooling_mode"];
    std::vector<Json> named(newer.as_array().begin(), newer.as_array().end());
    if (newer.is_string()) named.push_back(newer);
    for (const Json& mode : named) {
      const auto known = std::ranges::find(kPoolings, mode.as_string(), &std::pair<std::string_view, Pooling>::first);
      if (known == kPoolings.end()) {
        return fail(Code::unsupported, where(name) + ": pooling '" + std::string(mode.as_string()) + "' is not known.");
      }
      modes.push_back(known->second);
    }
    if (named.empty()) {
      for (const auto& [key, mode] : kPoolingSwitches) {
        if (config[key].as_bool()) modes.push_back(mode);
      }
    }
    if (!modes.empty()) out_.pooling = modes;
    out_.include_prompt = config["include_prompt"].as_bool(true);
    return {};
  }

  Status dense(const std::string& folder, bool of_tokens) {
    const std::string name = folder + "config.json";
    if (!files_.has(name))
      return fail(Code::not_found, "'" + where(name) + "' is missing; modules.json names that folder.");
    const Json config = IG_TRY(json(name));
    DenseModule module;
    module.folder = folder;
    module.inputs = static_cast<std::size_t>(std::max<std::int64_t>(0, config["in_features"].as_integer()));
    module.outputs = static_cast<std::size_t>(std::max<std::int64_t>(0, config["out_features"].as_integer()));
    module.bias = config["bias"].as_bool(true);
    module.of_tokens = of_tokens;
    if (module.inputs == 0 || module.outputs == 0 || module.inputs > (1U << 20) || module.outputs > (1U << 20)) {
      return fail(Code::corrupt_data,
                  where(name) + ": in_features and out_features must be numbers from 1 to 1,048,576.");
    }
    if (config["use_residual"].as_bool()) {
      return fail(Code::unsupported, where(name) + ": a Dense module with a residual is not known here.");
    }
    const std::string_view activation = config["activation_function"].as_string("torch.nn.modules.activation.Tanh");
    if (activation.ends_with("Identity")) {
      module.activation = nn::Activation::none;
    } else if (activation.ends_with("Tanh")) {
      module.activation = nn::Activation::tanh;
    } else if (activation.ends_with("GELU")) {
      module.activation = nn::Activation::gelu;
    } else if (activation.ends_with("ReLU")) {
      module.activation = nn::Activation::relu;
    } else if (activation.ends_with("SiLU")) {
      module.activation = nn::Activation::silu;
    } else {
      return fail(Code::unsupported,
                  where(name) + ": the activation '" + std::string(activation) + "' is not known here.");
    }
    out_.dense.push_back(module);
    return {};
  }

  Status splade(const std::string& folder) {
    const Json config = IG_TRY(json(folder + "config.json"));
    out_.head = Head::splade;
    out_.splade_sum = config["pooling_strategy"].as_string("max") == "sum";
    out_.splade_log_twice = config["activation_function"].as_string("relu") == "log1p_relu";
    return {};
  }

  // sentence_bert_config (or the names older folders have), then tokenizer_config, then what the positions allow; never
  // more than the last.
  Status limits() {
    std::size_t limit = encoder_.max_tokens;
    out_.max_tokens_from = "config.json";
    const auto take = [&](const Json& value, const std::string& from) {
      const double n = value.as_number(0);
      if (n < 1 || n >= 1e6) return false;
      if (limit == 0 || n < static_cast<double>(limit)) {
        limit = static_cast<std::size_t>(n);
        out_.max_tokens_from = from;
      }
      return true;
    };
    bool decided = false;
    for (const std::string& name : files_.names()) {
      const bool ours = name.starts_with("sentence_") && name.ends_with("_config.json");
      if (!ours) continue;
      const Json config = IG_TRY(json(name));
      out_.lower_case = config["do_lower_case"].as_bool(out_.lower_case);
      decided = take(config["max_seq_length"], name) || decided;
    }
    if (!decided) {
      const Json config = IG_TRY(json("tokenizer_config.json"));
      take(config["model_max_length"], "tokenizer_config.json");
    }
    out_.max_tokens = limit;
    return {};
  }

  Status prompts() {
    const Json config = IG_TRY(json("config_sentence_transformers.json"));
    for (const auto& [name, prompt] : config["prompts"].as_object()) out_.prompts[name] = prompt.as_string();
    out_.default_prompt = config["default_prompt_name"].as_string();
    if (!out_.default_prompt.empty() && !out_.prompts.contains(out_.default_prompt)) {
      return fail(Code::corrupt_data, where("config_sentence_transformers.json") + ": the default prompt '" +
                                          out_.default_prompt + "' is none of its prompts.");
    }
    std::erase_if(out_.prompts, [](const auto& prompt) { return prompt.second.empty(); });
    if (!out_.prompts.contains(out_.default_prompt)) out_.default_prompt.clear();
    if (out_.prompts.empty()) {
      std::string name(config_["_name_or_path"].as_string());
      if (known_prompts(name).empty()) name = files_.name();
      out_.prompts = known_prompts(name);
    }
    const std::string_view similarity = config["similarity_fn_name"].as_string("cosine");
    if (similarity == "dot") out_.metric = Metric::dot;
    if (similarity == "euclidean") out_.metric = Metric::euclidean;
    return {};
  }

  const FileSet& files_;
  const Json& config_;
  const nn::EncoderConfig& encoder_;
  SentenceModules out_;
};

}  // namespace

std::string pooling_names(std::span<const Pooling> modes) {
  std::string out;
  for (const Pooling mode : modes) {
    const auto known = std::ranges::find(kPoolings, mode, &std::pair<std::string_view, Pooling>::second);
    out += (out.empty() ? "" : "+") + std::string(known->first);
  }
  return out;
}

Result<SentenceModules> read_sentence_modules(const FileSet& files, const Json& config,
                                              const nn::EncoderConfig& encoder) {
  return Reader(files, config, encoder).read();
}

}  // namespace isogloss::model
