// SPDX-License-Identifier: Apache-2.0
// The tensors of a GGUF file under the names, in the layout and with the values of the Hugging Face folder that it was
// made of. A tensor is read and dequantised when it is asked for: exactly, to f32; what rounds is the arithmetic that
// the encoder is packed for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.hpp"
#include "model/transformer/weights.hpp"
#include "nn/encoder/gguf/gguf_architecture.hpp"

namespace isogloss::model {

class GgufTensors final : public Weights {
 public:
  // `folder` as of open_weights: a Dense module's is made of the file's dense_2 and dense_3.
  static Result<std::unique_ptr<GgufTensors>> open(const FileSet& files, const std::string& name,
                                                   const std::string& folder);

  bool has(std::string_view name) const override { return tensors_.contains(name); }
  std::vector<std::size_t> shape(std::string_view name) const override;
  Result<std::vector<float>> read(std::string_view name, std::span<const std::size_t> shape) const override;
  using nn::TensorSource::read;
  const std::string& where() const override { return file_->where(); }
  Result<std::string> hash() const override;
  std::size_t bytes() const override;
  std::vector<std::string> names() const override;
  formats::TensorType type(std::string_view name) const override;

 private:
  struct Tensor {
    const formats::GgufTensor* source = nullptr;
    nn::GgufChange change = nn::GgufChange::none;
  };
  explicit GgufTensors(formats::Gguf file) : file_(std::make_unique<formats::Gguf>(std::move(file))) {}
  Status add(const nn::GgufModel& model);
  std::size_t heads_of(nn::GgufChange change) const;
  Result<std::string> bytes_of(const formats::GgufTensor& tensor) const;

  std::unique_ptr<formats::Gguf> file_;  // Tensor::source points into it
  std::map<std::string, Tensor, std::less<>> tensors_;
  std::size_t heads_ = 0, kv_heads_ = 0;
  std::string architecture_;
};

}  // namespace isogloss::model
