// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/hub_tensors.hpp"

#include <algorithm>
#include <set>

#include "core/json.hpp"
#include "model/transformer/gguf_tensors.hpp"
#include "model/transformer/torch_tensors.hpp"
#include "vectors/tensor_floats.hpp"

namespace isogloss::model {
namespace {

constexpr std::string_view kWeights = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";

}  // namespace

std::string shape_text(std::span<const std::size_t> shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out + ")";
}

Result<std::vector<std::string>> shard_files(const FileSet& files, const std::string& folder, std::string_view index) {
  const std::string name = folder + std::string(index);
  const Json listed = IG_TRY(Json::parse(IG_TRY(files.read(name)), (files.origin() / name).string()));
  std::set<std::string> names;
  for (const auto& [tensor, file] : listed["weight_map"].as_object())
    names.insert(folder + std::string(file.as_string()));
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> weight_files(const FileSet& files, const std::string& folder) {
  const std::string where = (files.origin() / folder).string();
  if (files.has(folder + std::string(kWeights))) return std::vector{folder + std::string(kWeights)};
  if (files.has(folder + std::string(kIndex))) {
    std::vector<std::string> out = IG_TRY(shard_files(files, folder, kIndex));
    if (!out.empty()) return out;
    return fail(Code::corrupt_data, where + "/" + std::string(kIndex) + ": \"weight_map\" names no file.");
  }
  if (const std::string gguf = IG_TRY(gguf_file(files)); !gguf.empty()) return std::vector{gguf};
  if (!IG_TRY(torch_files(files, folder)).empty()) {
    return fail(Code::unsupported,
                "'" + where +
                    "' holds its weights as a pickle (pytorch_model.bin), which can run code where it "
                    "is opened. Convert it, which runs nothing of it: isogloss models convert '" +
                    files.origin().string() + "' NEW_FOLDER");
  }
  return fail(Code::not_found, "'" + where +
                                   "' holds no weights: looked for model.safetensors, "
                                   "model.safetensors.index.json and *.gguf.");
}

Result<std::vector<float>> floats_of(formats::TensorType type, std::span<const std::byte> bytes,
                                     std::string_view what) {
  std::vector<float> out(bytes.size() / formats::tensor_type_bytes(type));
  if (vectors::widen(type, bytes, out)) return out;
  return fail(Code::unsupported, std::string(what) + "is of type " + std::string(formats::tensor_type_name(type)) +
                                     "; weights are F32, F16, BF16 or F64.");
}

Result<std::unique_ptr<Weights>> open_weights_to_convert(const FileSet& files, const std::string& folder) {
  const std::vector<std::string> pickles = IG_TRY(torch_files(files, folder));
  if (!pickles.empty()) return IG_TRY(TorchTensors::open(files, pickles));
  return open_weights(files, folder);
}

Result<std::unique_ptr<Weights>> open_weights(const FileSet& files, const std::string& folder) {
  const std::vector<std::string> names = IG_TRY(weight_files(files, folder));
  if (names.front().ends_with(".gguf")) return IG_TRY(GgufTensors::open(files, names.front(), folder));
  return IG_TRY(HubTensors::open(files, folder));
}

Result<std::unique_ptr<HubTensors>> HubTensors::open(const FileSet& files, const std::string& folder) {
  auto out = std::make_unique<HubTensors>();
  const std::vector<std::string> names = IG_TRY(weight_files(files, folder));
  out->where_ = (files.origin() / names.front()).string();
  out->files_ = &files;
  for (const std::string& name : names) {
    const std::string where = (files.origin() / name).string();
    const std::uint64_t size = IG_TRY(files.size(name));
    const std::size_t header = IG_TRY(formats::safetensors_header_bytes(files.head(name, 8), size, where));
    const std::string text = IG_TRY(files.read_range(name, 0, header));
    for (auto& [tensor, place] : IG_TRY(formats::safetensors_places(text, size, where))) {
      out->tensors_.emplace(tensor, Tensor{name, std::move(place)});
    }
  }
  return out;
}

std::vector<std::size_t> HubTensors::shape(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? std::vector<std::size_t>() : it->second.place.shape;
}

Result<std::vector<float>> HubTensors::read(std::string_view name, std::span<const std::size_t> shape) const {
  const std::string what = where_ + ": tensor '" + std::string(name) + "' ";
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) {
    return fail(Code::corrupt_data,
                what + "is missing. The file is not complete, or config.json describes another model.");
  }
  const formats::TensorPlace& place = it->second.place;
  if (!std::ranges::equal(place.shape, shape)) {
    return fail(Code::corrupt_data, what + "has the shape " + shape_text(place.shape) + "; config.json asks for " +
                                        shape_text(shape) + ".");
  }
  const std::string raw = IG_TRY(bytes_of(it->second));
  return floats_of(place.type, std::as_bytes(std::span(raw)), what);
}

Result<std::string> HubTensors::hash() const {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors_) {
    hash.update(name + shape_text(tensor.place.shape) + std::string(formats::tensor_type_name(tensor.place.type)));
    hash.update(IG_TRY(bytes_of(tensor)));
  }
  return hash.hex();
}

std::vector<std::string> HubTensors::names() const {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : tensors_) out.push_back(name);
  return out;
}

std::size_t HubTensors::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, tensor] : tensors_) total += tensor.place.bytes;
  return total;
}

}  // namespace isogloss::model
