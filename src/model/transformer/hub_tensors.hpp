// SPDX-License-Identifier: Apache-2.0
// The tensors of a Hugging Face folder: model.safetensors, or the shards that model.safetensors.index.json lists.
// Headers are read at once, a tensor when it is asked for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.hpp"
#include "formats/safetensors.hpp"
#include "model/transformer/weights.hpp"

namespace isogloss::model {

class HubTensors final : public Weights {
 public:
  // As open_weights.
  static Result<std::unique_ptr<HubTensors>> open(const FileSet& files, const std::string& folder);

  bool has(std::string_view name) const override { return tensors_.contains(name); }
  std::vector<std::size_t> shape(std::string_view name) const override;
  Result<std::vector<float>> read(std::string_view name, std::span<const std::size_t> shape) const override;
  using nn::TensorSource::read;
  const std::string& where() const override { return where_; }
  Result<std::string> hash() const override;
  std::size_t bytes() const override;
  std::vector<std::string> names() const override;
  formats::TensorType type(std::string_view name) const override { return tensors_.find(name)->second.place.type; }

 private:
  struct Tensor {
    std::string file;
    formats::TensorPlace place;
  };
  Result<std::string> bytes_of(const Tensor& tensor) const {
    return files_->read_range(tensor.file, tensor.place.offset, tensor.place.bytes);
  }

  const FileSet* files_ = nullptr;  // outlives this object
  std::string where_;
  std::map<std::string, Tensor, std::less<>> tensors_;
};

}  // namespace isogloss::model
