// SPDX-License-Identifier: Apache-2.0
// A model inside a GGUF file (keys and tensor names of llama.cpp's converters, gguf-py 0.17) as the config.json and the
// tensor names that the same model has in a Hugging Face folder. gguf_architecture.cpp is the only list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "formats/gguf.hpp"
#include "isogloss/result.hpp"

namespace isogloss::nn {

// What the converter did to a tensor, to be undone.
enum class GgufChange : std::uint8_t {
  none,
  transposed,  // GPT-2's (inputs, outputs) became (outputs, inputs)
  plus_one,    // Gemma's norms: 1 + weight
  permuted_q,  // Llama: pairs of rotary positions side by side in every query head
  permuted_k,  // ... in every key head
};

// A layer or table by both names; '#' is the number of a layer.
struct GgufName {
  std::string_view here;  // of the Hugging Face folder, without ".weight"
  std::string_view file;
  GgufChange change = GgufChange::none;  // of its weight, and of its bias where that has heads
};

struct GgufModel {
  Json config;  // as config.json says it
  std::vector<GgufName> names;
  std::size_t heads = 0, kv_heads = 0;
  std::string_view architecture;  // the file's general.architecture
};

// Error{unsupported}: an architecture or a feature that is not known here, with those that are. Error{corrupt_data}: a
// key that is missing or has an impossible value.
Result<GgufModel> gguf_model(const formats::Gguf& file);

// The values of general.architecture that are known, sorted.
std::vector<std::string_view> known_gguf_architectures();

}  // namespace isogloss::nn
