// SPDX-License-Identifier: Apache-2.0
// One tensor is in memory at a time, apart from pickles, which are read whole.
#include "model/transformer/convert.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/file.hpp"
#include "core/json.hpp"
#include "formats/gguf.hpp"
#include "math/narrow.hpp"
#include "model/transformer/sentence_modules.hpp"
#include "model/transformer/torch_tensors.hpp"
#include "model/transformer/weights.hpp"
#include "nn/encoder/architectures/architectures.hpp"

namespace isogloss::model {
namespace {

namespace fs = std::filesystem;
using formats::SafeTensorsFile;
using formats::TensorType;

Result<std::optional<TensorType>> type_of(const std::string& name) {
  if (name.empty()) return std::optional<TensorType>();
  if (name == "f32") return std::optional(TensorType::f32);
  if (name == "bf16") return std::optional(TensorType::bf16);
  if (name == "f16") return std::optional(TensorType::f16);
  return fail(Code::invalid_argument, "'" + name + "' is no type that weights are written in: f32, bf16 and f16 are.");
}

bool is_float(TensorType type) {
  return type == TensorType::f32 || type == TensorType::f16 || type == TensorType::bf16 || type == TensorType::f64;
}

// Weights in forms that are not kept, programs, and what other libraries made of them.
bool is_left_out(const std::string& name) {
  constexpr std::array<std::string_view, 12> kEndings{
      ".safetensors", ".bin", ".gguf", ".pt", ".pth", ".pkl", ".h5", ".onnx", ".ot", ".msgpack", ".py", ".index.json"};
  if (name.starts_with("onnx/") || name.starts_with("openvino/")) return true;
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
}

Result<std::string> narrowed(const std::vector<float>& values, TensorType type, const std::string& name) {
  std::string out(values.size() * formats::tensor_type_bytes(type), '\0');
  const auto bytes = std::as_writable_bytes(std::span(out));
  if (type == TensorType::f32) {
    std::ranges::copy(std::as_bytes(std::span(values)), bytes.begin());
  } else if (type == TensorType::bf16) {
    math::narrow_bf16(values, bytes);
  } else if (!math::narrow_f16(values, bytes)) {
    return fail(Code::invalid_argument,
                "tensor '" + name + "' holds numbers above 65,504, which f16 does not have. Use --dtype bf16.");
  }
  return out;
}

Status write_weights(const Weights& weights, const fs::path& path, std::optional<TensorType> type, Context& context) {
  std::vector<SafeTensorsFile::Entry> entries;
  for (const std::string& name : weights.names()) {
    TensorType own = weights.type(name);
    if (!is_float(own)) continue;  // positions counted up and the like
    if (own == TensorType::f64) own = TensorType::f32;
    entries.push_back({name, type.value_or(own), weights.shape(name)});
  }
  if (entries.empty()) return fail(Code::corrupt_data, weights.where() + " holds no weights.");
  // Wide types first, so that every tensor begins where its numbers may.
  std::ranges::stable_sort(entries, [](const auto& a, const auto& b) {
    return formats::tensor_type_bytes(a.type) > formats::tensor_type_bytes(b.type);
  });
  SafeTensorsFile file = IG_TRY(SafeTensorsFile::create(path, entries));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    IG_TRY(context.check());
    const std::vector<float> values = IG_TRY(weights.read(entries[i].name, entries[i].shape));
    const std::string bytes = IG_TRY(narrowed(values, entries[i].type, entries[i].name));
    IG_TRY(file.append(std::as_bytes(std::span(bytes))));
    context.report({"convert", "tensors", static_cast<double>(i + 1), static_cast<double>(entries.size()), 0});
  }
  return file.commit();
}

Status write_text(const fs::path& path, std::string_view content) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return fail(Code::io, "cannot create '" + path.parent_path().string() + "': " + error.message());
  return write_file(path, content);
}

// config.json with the type of the weights, under the names that libraries read it by.
std::string config_text(const Json& config, std::optional<TensorType> type) {
  Json::Object members(config.as_object().begin(), config.as_object().end());
  if (type) {
    const std::string name = *type == TensorType::f32 ? "float32" : *type == TensorType::bf16 ? "bfloat16" : "float16";
    std::erase_if(members, [](const auto& member) { return member.first == "torch_dtype" || member.first == "dtype"; });
    members.emplace_back("torch_dtype", Json(name));
  }
  std::string out;
  JsonWriter(out).value(Json(std::move(members)));
  return out + "\n";
}

std::string module_json(std::size_t i, const std::string& path, const std::string& type) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("idx", static_cast<std::uint64_t>(i)).field("name", std::to_string(i)).field("path", path);
  json.field("type", "sentence_transformers.models." + type).end_object();
  return out;
}

// Pooling, Dense modules and Normalize as files of the sentence-transformers library.
Status write_modules(const SentenceModules& modules, std::size_t hidden, const fs::path& target) {
  std::vector<std::string> list{module_json(0, "", "Transformer"), module_json(1, "1_Pooling", "Pooling")};
  std::string pooling;
  JsonWriter json(pooling);
  json.begin_object().field("word_embedding_dimension", static_cast<std::uint64_t>(hidden));
  json.field("pooling_mode_cls_token", modules.pooling.front() == Pooling::cls);
  json.field("pooling_mode_mean_tokens", modules.pooling.front() == Pooling::mean);
  json.field("pooling_mode_max_tokens", false).field("pooling_mode_mean_sqrt_len_tokens", false);
  json.field("pooling_mode_lasttoken", modules.pooling.front() == Pooling::last).end_object();
  IG_TRY(write_text(target / "1_Pooling/config.json", pooling + "\n"));
  for (const DenseModule& module : modules.dense) {
    std::string dense;
    JsonWriter out(dense);
    out.begin_object().field("in_features", static_cast<std::uint64_t>(module.inputs));
    out.field("out_features", static_cast<std::uint64_t>(module.outputs)).field("bias", module.bias);
    out.field("activation_function", "torch.nn.modules.linear.Identity").end_object();
    IG_TRY(write_text(target / module.folder / "config.json", dense + "\n"));
    list.push_back(module_json(list.size(), module.folder.substr(0, module.folder.size() - 1), "Dense"));
  }
  if (modules.normalize) {
    const std::size_t i = list.size();
    list.push_back(module_json(i, std::to_string(i) + "_Normalize", "Normalize"));
  }
  std::string out = "[";
  for (const std::string& module : list) out += (out.size() > 1 ? ",\n " : "") + module;
  return write_text(target / "modules.json", out + "]\n");
}

// What the GGUF file says, unless files beside it say it already.
Result<std::vector<std::string>> write_gguf_files(const FileSet& files, const std::string& name, const fs::path& target,
                                                  std::optional<TensorType> type) {
  const Json config = IG_TRY(gguf_config(files, name));
  const nn::Architecture architecture = IG_TRY(nn::architecture_of(config, files.path(name).string()));
  SentenceModules modules = IG_TRY(read_sentence_modules(files, config, architecture.config));
  IG_TRY(add_gguf_modules(files, name, modules));
  IG_TRY(write_text(target / "config.json", config_text(config, type)));
  std::vector<std::string> folders;
  for (const DenseModule& module : modules.dense) folders.push_back(module.folder);
  if (!files.has("modules.json")) IG_TRY(write_modules(modules, architecture.config.hidden, target));
  const formats::Gguf file = IG_TRY(formats::Gguf::open(files.path(name)));
  if (files.has("tokenizer.json") || !file.has("tokenizer.ggml.model")) return folders;
  if (file.has("tokenizer.huggingface.json")) {
    IG_TRY(write_text(target / "tokenizer.json", IG_TRY(file.text("tokenizer.huggingface.json"))));
  } else {
    IG_TRY(write_text(target / "tokenizer.gguf", file.without_tensors()));
  }
  return folders;
}

}  // namespace

Status convert_transformer(const FileSet& files, const fs::path& target, const ConvertOptions& options,
                           Context& context) {
  const std::optional<TensorType> type = IG_TRY(type_of(options.dtype));
  const std::string gguf = IG_TRY(gguf_file(files));
  std::set<std::string> folders{""};
  for (const std::string& name : files.names()) {
    const std::string folder = name.substr(0, name.find_last_of('/') + 1);
    if (!is_left_out(name) && (gguf.empty() || name != "config.json") && name != gguf) {
      std::string content = IG_TRY(files.read(name));
      if (name == "config.json") content = config_text(IG_TRY(Json::parse(content, name)), type);
      IG_TRY(write_text(target / name, content));
    } else if (!folder.empty() && (name == folder + "model.safetensors" || name == folder + "pytorch_model.bin")) {
      folders.insert(folder);
    }
  }
  if (!gguf.empty()) {
    for (const std::string& folder : IG_TRY(write_gguf_files(files, gguf, target, type))) folders.insert(folder);
  }
  for (const std::string& folder : folders) {
    const std::unique_ptr<Weights> weights = IG_TRY(open_weights_to_convert(files, folder));
    IG_TRY(write_weights(*weights, target / folder / "model.safetensors", type, context));
  }
  return sync_folder(target);
}

}  // namespace isogloss::model
