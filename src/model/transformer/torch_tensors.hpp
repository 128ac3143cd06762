// SPDX-License-Identifier: Apache-2.0
// The tensors of pytorch_model.bin, or of the shards that pytorch_model.bin.index.json lists. The files are held in
// memory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/torch_file.hpp"
#include "model/transformer/weights.hpp"

namespace isogloss::model {

// The pickles of a folder that has no safetensors and no GGUF file; none when there are others or nothing.
Result<std::vector<std::string>> torch_files(const FileSet& files, const std::string& folder);

class TorchTensors final : public Weights {
 public:
  static Result<std::unique_ptr<TorchTensors>> open(const FileSet& files, const std::vector<std::string>& names);

  bool has(std::string_view name) const override { return tensors_.contains(name); }
  std::vector<std::size_t> shape(std::string_view name) const override;
  Result<std::vector<float>> read(std::string_view name, std::span<const std::size_t> shape) const override;
  using nn::TensorSource::read;
  const std::string& where() const override { return where_; }
  Result<std::string> hash() const override;
  std::size_t bytes() const override;
  std::vector<std::string> names() const override;
  formats::TensorType type(std::string_view name) const override { return tensors_.find(name)->second.type; }

 private:
  std::string where_;
  std::vector<std::unique_ptr<const std::string>> contents_;  // tensors_ looks into them
  std::map<std::string, formats::TorchTensor, std::less<>> tensors_;
};

}  // namespace isogloss::model
