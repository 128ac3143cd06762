// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/hub_tensors.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/json.hpp"
#include "math/matrix.hpp"
#include "math/narrow.hpp"

namespace isogloss::model {
namespace {

constexpr std::string_view kWeights = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kPickle = "pytorch_model.bin";

std::string shape_text(std::span<const std::size_t> shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out + ")";
}

}  // namespace

Result<std::vector<std::string>> weight_files(const FileSet& files, const std::string& folder) {
  const std::string where = (files.origin() / folder).string();
  if (files.has(folder + std::string(kWeights))) return std::vector{folder + std::string(kWeights)};
  if (files.has(folder + std::string(kIndex))) {
    const std::string text = IG_TRY(files.read(folder + std::string(kIndex)));
    const Json index = IG_TRY(Json::parse(text, where + "/" + std::string(kIndex)));
    std::set<std::string> names;
    for (const auto& [tensor, file] : index["weight_map"].as_object()) names.emplace(file.as_string());
    std::vector<std::string> out;
    for (const std::string& name : names) out.push_back(folder + name);
    if (!out.empty()) return out;
    return fail(Code::corrupt_data, where + "/" + std::string(kIndex) + ": \"weight_map\" names no file.");
  }
  if (files.has(folder + std::string(kPickle))) {
    return fail(Code::unsupported,
                "'" + where + "' holds its weights as pytorch_model.bin, a pickle, which can run code when it is opened. "
                "Convert it where the model came from: python3 -c \"from transformers import AutoModel; "
                "AutoModel.from_pretrained('" + where + "').save_pretrained('" + where + "')\"");
  }
  return fail(Code::not_found, "'" + where + "' holds no weights: looked for model.safetensors and "
                               "model.safetensors.index.json.");
}

Result<std::unique_ptr<HubTensors>> HubTensors::open(const FileSet& files, const std::string& folder) {
  auto out = std::make_unique<HubTensors>();
  const std::vector<std::string> names = IG_TRY(weight_files(files, folder));
  out->where_ = (files.origin() / names.front()).string();
  for (const std::string& name : names) {
    auto shard = std::make_unique<Shard>();
    shard->bytes = IG_TRY(files.read(name));
    const std::string where = (files.origin() / name).string();
    shard->tensors = IG_TRY(formats::SafeTensors::parse(std::as_bytes(std::span(shard->bytes)), where));
    for (const auto& [tensor, view] : shard->tensors.tensors()) out->tensors_.emplace(tensor, &view);
    out->shards_.push_back(std::move(shard));
  }
  return out;
}

std::vector<std::size_t> HubTensors::shape(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? std::vector<std::size_t>() : it->second->shape;
}

Result<std::vector<float>> HubTensors::read(std::string_view name, std::span<const std::size_t> shape) const {
  const std::string what = where_ + ": tensor '" + std::string(name) + "' ";
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) {
    return fail(Code::corrupt_data, what + "is missing. The file is not complete, or config.json describes another model.");
  }
  const formats::TensorView& view = *it->second;
  if (!std::ranges::equal(view.shape, shape)) {
    return fail(Code::corrupt_data, what + "has the shape " + shape_text(view.shape) + "; config.json asks for " +
                                        shape_text(shape) + ".");
  }
  std::vector<float> out(view.elements());
  switch (view.type) {
    case formats::TensorType::f32:
      std::memcpy(out.data(), view.bytes.data(), view.bytes.size());
      return out;
    case formats::TensorType::bf16:
      math::widen_bf16(view.bytes, out);
      return out;
    case formats::TensorType::f16:
      math::widen_f16(view.bytes, out);
      return out;
    default:
      return fail(Code::unsupported, what + "is of type " + std::string(formats::tensor_type_name(view.type)) +
                                         "; weights are F32, F16 or BF16.");
  }
}

void HubTensors::hash_into(Sha256& hash) const {
  for (const auto& [name, view] : tensors_) {
    hash.update(name + shape_text(view->shape) + std::string(formats::tensor_type_name(view->type)));
    hash.update(view->bytes);
  }
}

std::size_t HubTensors::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, view] : tensors_) total += view->bytes.size();
  return total;
}

}  // namespace isogloss::model
