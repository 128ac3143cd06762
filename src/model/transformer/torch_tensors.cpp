// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/torch_tensors.hpp"

#include <algorithm>

#include "core/hash.hpp"

namespace isogloss::model {

Result<std::vector<std::string>> torch_files(const FileSet& files, const std::string& folder) {
  const auto has = [&](std::string_view name) { return files.has(folder + std::string(name)); };
  if (has("model.safetensors") || has("model.safetensors.index.json")) return std::vector<std::string>();
  if (folder.empty() && !IG_TRY(gguf_file(files)).empty()) return std::vector<std::string>();
  if (has("pytorch_model.bin")) return std::vector{folder + "pytorch_model.bin"};
  constexpr std::string_view kIndex = "pytorch_model.bin.index.json";
  return has(kIndex) ? shard_files(files, folder, kIndex) : std::vector<std::string>();
}

Result<std::unique_ptr<TorchTensors>> TorchTensors::open(const FileSet& files, const std::vector<std::string>& names) {
  auto out = std::make_unique<TorchTensors>();
  out->where_ = (files.origin() / names.front()).string();
  for (const std::string& name : names) {
    out->contents_.push_back(std::make_unique<const std::string>(IG_TRY(files.read(name))));
    auto tensors = IG_TRY(formats::read_torch_file(*out->contents_.back(), (files.origin() / name).string()));
    out->tensors_.merge(tensors);
  }
  return out;
}

std::vector<std::size_t> TorchTensors::shape(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? std::vector<std::size_t>() : it->second.shape;
}

Result<std::vector<float>> TorchTensors::read(std::string_view name, std::span<const std::size_t> shape) const {
  const std::string what = where_ + ": tensor '" + std::string(name) + "' ";
  const auto it = tensors_.find(name);
  if (it == tensors_.end() || !std::ranges::equal(it->second.shape, shape))
    return fail(Code::corrupt_data, what + "is missing, or of another shape.");
  const std::string raw = formats::contiguous_bytes(it->second);
  return floats_of(it->second.type, std::as_bytes(std::span(raw)), what);
}

Result<std::string> TorchTensors::hash() const {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors_) {
    hash.update(name + " " + std::string(formats::tensor_type_name(tensor.type)));
    hash.update(formats::contiguous_bytes(tensor));
  }
  return hash.hex();
}

std::size_t TorchTensors::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, tensor] : tensors_) total += tensor.elements() * formats::tensor_type_bytes(tensor.type);
  return total;
}

std::vector<std::string> TorchTensors::names() const {
  std::vector<std::string> out;
  for (const auto& [name, tensor] : tensors_) out.push_back(name);
  return out;
}

}  // namespace isogloss::model
