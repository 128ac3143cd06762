// SPDX-License-Identifier: Apache-2.0
// pytorch_model.bin, a dictionary of tensors as torch.save writes it: a ZIP archive with data.pkl and a member for each
// storage (torch 1.6 and later), or pickles one behind the other with the storages at the end (before). Read as data,
// by formats/pickle: nothing is run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/safetensors.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

struct TorchTensor {
  TensorType type = TensorType::f32;
  std::vector<std::size_t> shape;
  std::vector<std::size_t> strides;  // in elements
  std::size_t offset = 0;            // of the first element
  std::string_view storage;          // inside the file; every element lies in it
  std::size_t elements() const;
};

// Is this one of the two?
bool is_torch_file(std::string_view head);

// The tensors of a file, by name; views into `bytes`, the whole file. What else the dictionary holds is left out.
// Error{unsupported}: something that is no dictionary of tensors, with its name; Error{corrupt_data}.
Result<std::map<std::string, TorchTensor, std::less<>>> read_torch_file(std::string_view bytes, std::string_view where);

// The elements, the last column fastest.
std::string contiguous_bytes(const TorchTensor& tensor);

}  // namespace isogloss::formats
