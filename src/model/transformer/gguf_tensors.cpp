// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/gguf_tensors.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "formats/dequantize.hpp"
#include "math/matrix.hpp"

namespace isogloss::model {
namespace {

using nn::GgufChange;

// Rows of each head: 0, half, 1, half + 1 ... in the file; 0, 1, ... half, half + 1 ... here. A bias has columns = 1.
std::vector<float> unpermuted(const std::vector<float>& x, std::size_t heads, std::size_t columns) {
  std::vector<float> out(x.size());
  const std::size_t rows = x.size() / columns / heads;  // of a head
  for (std::size_t head = 0; head < heads; ++head) {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t from = head * rows + (r < rows / 2 ? 2 * r : 2 * (r - rows / 2) + 1);
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(from * columns), columns,
                  out.begin() + static_cast<std::ptrdiff_t>((head * rows + r) * columns));
    }
  }
  return out;
}

std::size_t rows_of(const formats::Gguf& file, const std::string& name) {
  const formats::GgufTensor* const tensor = file.find_tensor(name);
  return tensor == nullptr || tensor->shape.size() != 2 ? 0 : tensor->shape[0];
}

}  // namespace

Status add_gguf_modules(const FileSet& files, const std::string& name, SentenceModules& modules) {
  const formats::Gguf file = IG_TRY(formats::Gguf::open(files.path(name)));
  const std::string architecture(IG_TRY(file.text("general.architecture")));
  // A converter may know that a model was trained on fewer tokens than its table of positions has rows.
  const auto context =
      static_cast<std::size_t>(IG_TRY(file.integer_or(architecture + ".context_length", 0, 0, 1 << 24)));
  if (context != 0 && context < modules.max_tokens) {
    modules.max_tokens = context;
    modules.max_tokens_from = name;
  }
  if (modules.max_tokens_from == "config.json") modules.max_tokens_from = name;
  if (files.has("modules.json")) return {};
  const std::string key = architecture + ".pooling_type";
  switch (IG_TRY(file.integer_or(key, 0, 0, 255))) {
    case 0:  // none, and what llama.cpp does then is up to its caller
    case 1:
      modules.pooling = {Pooling::mean};
      break;
    case 2:
      modules.pooling = {Pooling::cls};
      break;
    case 3:
      modules.pooling = {Pooling::last};
      break;
    default:
      return fail(Code::unsupported, file.where() + ": key '" + key +
                                         "' asks for scores of pairs, or for a pooling that is not known here "
                                         "(0 to 3 are). Take the model's Hugging Face folder.");
  }
  modules.head = Head::sentence;
  modules.normalize = true;
  std::size_t width = rows_of(file, "token_embd.weight") == 0 ? 0 : file.find_tensor("token_embd.weight")->shape[1];
  for (const char* const module : {"2", "3"}) {
    const std::size_t rows = rows_of(file, std::string("dense_") + module + ".weight");
    if (rows == 0) continue;
    modules.dense.push_back({std::string(module) + "_Dense/", width, rows, false, nn::Activation::none, false});
    width = rows;
  }
  return {};
}

Result<std::string> gguf_file(const FileSet& files) {
  std::vector<std::string> found;
  bool folder_of_ours = false;
  for (const std::string& name : files.names()) {
    if (name.ends_with(".gguf") && name.find('/') == std::string::npos) found.push_back(name);
    folder_of_ours = folder_of_ours || name == "model.safetensors" || name == "model.safetensors.index.json";
  }
  if (found.empty() || (folder_of_ours && !files.is_single_file())) return std::string();
  if (found.size() == 1) return found.front();
  std::string list;
  for (const std::string& name : found) list += (list.empty() ? "" : ", ") + name;
  return fail(Code::invalid_argument, "'" + files.origin().string() + "' holds " + std::to_string(found.size()) +
                                          " GGUF files: " + list + ". Give the path of one.");
}

Result<Json> gguf_config(const FileSet& files, const std::string& name) {
  return IG_TRY(nn::gguf_model(IG_TRY(formats::Gguf::open(files.path(name))))).config;
}

Result<std::unique_ptr<GgufTensors>> GgufTensors::open(const FileSet& files, const std::string& name,
                                                       const std::string& folder) {
  std::unique_ptr<GgufTensors> out(new GgufTensors(IG_TRY(formats::Gguf::open(files.path(name)))));
  if (folder.empty()) {
    IG_TRY(out->add(IG_TRY(nn::gguf_model(*out->file_))));
    return out;
  }
  const std::string module = "dense_" + folder.substr(0, folder.find('_'));  // 2_Dense/ -> dense_2
  for (const std::string_view part : {".weight", ".bias"}) {
    const formats::GgufTensor* const tensor = out->file_->find_tensor(module + std::string(part));
    if (tensor != nullptr) out->tensors_["linear" + std::string(part)] = {tensor};
  }
  return out;
}

// Every tensor of the file that has a name here; others (an output table, heads) are left alone.
Status GgufTensors::add(const nn::GgufModel& model) {
  heads_ = model.heads;
  kv_heads_ = model.kv_heads;
  architecture_ = model.architecture;
  const auto layers = static_cast<std::size_t>(model.config["num_hidden_layers"].as_integer());
  for (const nn::GgufName& name : model.names) {
    const bool layered = name.file.find('#') != std::string_view::npos;
    // A file that claims a million layers does not have them: no more names are looked up than it has tensors.
    const std::size_t most = layered ? std::min(layers, file_->tensors().size()) : 1;
    for (std::size_t i = 0; i < most; ++i) {
      for (const std::string_view part : {".weight", ".bias"}) {
        const formats::GgufTensor* const tensor =
            file_->find_tensor(nn::numbered(std::string(name.file), i) + std::string(part));
        if (tensor == nullptr) continue;
        const bool of_weight = name.change == GgufChange::transposed || name.change == GgufChange::plus_one;
        tensors_[nn::numbered(std::string(name.here), i) + std::string(part)] = {
            tensor, of_weight && part == ".bias" ? GgufChange::none : name.change};
      }
    }
  }
  return {};
}

std::vector<std::size_t> GgufTensors::shape(std::string_view name) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) return {};
  std::vector<std::size_t> out = it->second.source->shape;
  if (it->second.change == GgufChange::transposed) std::ranges::reverse(out);
  return out;
}

std::size_t GgufTensors::heads_of(GgufChange change) const {
  return change == GgufChange::permuted_q ? heads_ : kv_heads_;
}

Result<std::string> GgufTensors::bytes_of(const formats::GgufTensor& tensor) const {
  std::string out(static_cast<std::size_t>(tensor.size), '\0');
  IG_TRY(file_->read(tensor, std::as_writable_bytes(std::span(out))));
  return out;
}

Result<std::vector<float>> GgufTensors::read(std::string_view name, std::span<const std::size_t> shape) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) {
    return fail(Code::corrupt_data, where() + ": there is no tensor for '" + std::string(name) +
                                        "' of an architecture '" + architecture_ +
                                        "'. The file is not complete, or holds another model than its keys say.");
  }
  const auto& [source, change] = it->second;
  const std::string what = where() + ": tensor '" + source->name + "' ";
  const std::vector<std::size_t> own = this->shape(name);
  if (!std::ranges::equal(own, shape)) {
    return fail(Code::corrupt_data,
                what + "has the shape " + shape_text(own) + "; the keys ask for " + shape_text(shape) + ".");
  }
  if (!formats::can_dequantize(*source->type)) {
    return fail(Code::unsupported, what + "is of type " + std::string(source->type->name) + "; read are " +
                                       formats::dequantized_types() +
                                       ". Take a file of the same model in Q8_0 or Q4_K_M, or make one: "
                                       "llama-quantize --allow-requantize IN.gguf OUT.gguf q8_0");
  }
  const std::string raw = IG_TRY(bytes_of(*source));
  std::vector<float> out(static_cast<std::size_t>(source->elements()));
  formats::dequantize(*source->type, std::as_bytes(std::span(raw)), out);
  if (change == GgufChange::plus_one) {
    for (float& x : out) x -= 1.0F;
  } else if (change == GgufChange::transposed && own.size() == 2) {
    return math::transposed(out, own[1], own[0]);
  } else if (change == GgufChange::permuted_q || change == GgufChange::permuted_k) {
    const std::size_t heads = heads_of(change);
    if (heads == 0 || own[0] % (2 * heads) != 0) {
      return fail(Code::corrupt_data, what + "has " + std::to_string(own[0]) + " rows, which " + std::to_string(heads) +
                                          " heads of pairs cannot share.");
    }
    return unpermuted(out, heads, own.size() == 2 ? own[1] : 1);
  }
  return out;
}

Result<std::string> GgufTensors::hash() const {
  Sha256 hash;
  hash.update("gguf " + architecture_ + " " + std::to_string(heads_) + " " + std::to_string(kv_heads_));
  for (const auto& [key, value] : file_->values()) {
    if (!key.starts_with("tokenizer.")) continue;
    hash.update(key);
    hash.update({static_cast<const char*>(static_cast<const void*>(value.bytes.data())), value.bytes.size()});
  }
  for (const auto& [name, tensor] : tensors_) {
    hash.update(name + shape_text(tensor.source->shape) + std::string(tensor.source->type->name));
    hash.update(IG_TRY(bytes_of(*tensor.source)));
  }
  return hash.hex();
}

formats::TensorType GgufTensors::type(std::string_view name) const {
  const std::string_view own = tensors_.find(name)->second.source->type->name;
  if (own == "F32") return formats::TensorType::f32;
  return own == "F16" ? formats::TensorType::f16 : formats::TensorType::bf16;
}

std::size_t GgufTensors::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, tensor] : tensors_) total += static_cast<std::size_t>(tensor.source->size);
  return total;
}

std::vector<std::string> GgufTensors::names() const {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : tensors_) out.push_back(name);
  return out;
}

}  // namespace isogloss::model
