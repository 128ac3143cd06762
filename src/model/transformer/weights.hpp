// SPDX-License-Identifier: Apache-2.0
// The tensors of a model under the names of its Hugging Face folder, whatever they are kept in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "formats/safetensors.hpp"
#include "isogloss/family.hpp"
#include "model/transformer/sentence_modules.hpp"
#include "nn/encoder/tensor_source.hpp"

namespace isogloss::model {

class Weights : public nn::TensorSource {
 public:
  // SHA-256 over names, shapes, types and contents of all tensors.
  virtual Result<std::string> hash() const = 0;
  virtual std::size_t bytes() const = 0;
  virtual std::vector<std::string> names() const = 0;
  // How a tensor is kept: F32, F16, BF16, or another type when it holds no numbers to compute with; what has blocks is
  // BF16. REQUIRES: has(name).
  virtual formats::TensorType type(std::string_view name) const = 0;
};

// "(3, 4)", for messages.
std::string shape_text(std::span<const std::size_t> shape);

// The files that an index of shards ("model.safetensors.index.json") of `folder` names, sorted, each once.
Result<std::vector<std::string>> shard_files(const FileSet& files, const std::string& folder, std::string_view index);

// The numbers of a tensor of F32, F16, BF16 or F64. Error{unsupported} for another type; `what` begins the message.
Result<std::vector<float>> floats_of(formats::TensorType type, std::span<const std::byte> bytes, std::string_view what);

// `folder` = "" for the folder itself, "2_Dense/" for one of its modules. Error{not_found}: no weights there;
// Error{unsupported}: weights in a pickle file only, with the command that converts them; Error{corrupt_data}.
// REQUIRES: `files` outlives the result.
Result<std::unique_ptr<Weights>> open_weights(const FileSet& files, const std::string& folder);

// The same, pickle files too, of which nothing is run: for conversion only, so that they are read once.
Result<std::unique_ptr<Weights>> open_weights_to_convert(const FileSet& files, const std::string& folder);

// The names of the files that hold the weights of `folder`. Errors as of open_weights.
Result<std::vector<std::string>> weight_files(const FileSet& files, const std::string& folder);

// ---- GGUF, the second door: a file that is one, or a folder that has one and no safetensors.

// Its name among `files`; empty when this is no GGUF model. Error{invalid_argument}: several, with their names.
Result<std::string> gguf_file(const FileSet& files);
// What stands for config.json; Error as of nn::gguf_model.
Result<Json> gguf_config(const FileSet& files, const std::string& name);

// Pooling and what stands behind it, by the file's keys: pooling_type, else the mean; Dense layers when it has them;
// length 1, as llama.cpp gives vectors. A modules.json beside the file says it better and is left as it was read.
Status add_gguf_modules(const FileSet& files, const std::string& name, SentenceModules& modules);

}  // namespace isogloss::model
