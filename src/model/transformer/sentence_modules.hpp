// SPDX-License-Identifier: Apache-2.0
// What stands around the encoder in a folder of the sentence-transformers library (version 6.2; the older forms of each
// file too): modules.json, 1_Pooling/config.json, 2_Dense/, config_sentence_transformers.json,
// sentence_bert_config.json. A folder without them is what that library makes of it: mean pooling and nothing behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "nn/encoder/config.hpp"

namespace isogloss::model {

enum class Pooling : std::uint8_t { cls, max, mean, mean_sqrt_len, weighted_mean, last };

// y = activation(x W^T + b) behind the pooling, or of every token vector in front of it.
struct DenseModule {
  std::string folder;  // "2_Dense/"
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  bool bias = true;
  nn::Activation activation = nn::Activation::none;
  bool of_tokens = false;
};

enum class Head : std::uint8_t {
  sentence,  // pooled vectors
  pairs,     // cross-encoder: a score for two texts
  splade,    // a weight for every piece of the vocabulary
  tokens,    // late interaction: a vector for every token
};

struct SentenceModules {
  Head head = Head::sentence;
  std::vector<Pooling> pooling{Pooling::mean};
  bool include_prompt = true;  // false: tokens of the prompt are left out of the pooling
  std::vector<DenseModule> dense;
  bool normalize = false;
  bool lower_case = false;                     // before tokenizing
  std::size_t max_tokens = 0;                  // special tokens included
  std::string max_tokens_from;                 // the file that decided it
  std::map<std::string, std::string> prompts;  // by name
  std::string default_prompt;                  // a name of `prompts`, or empty
  Metric metric = Metric::cosine;
  bool splade_sum = false;  // instead of the largest over the tokens
  bool splade_log_twice = false;
};

// `config`: config.json. Error{unsupported} names a module that is not known here, Error{corrupt_data} what is broken.
Result<SentenceModules> read_sentence_modules(const FileSet& files, const Json& config,
                                              const nn::EncoderConfig& encoder);

// Prompts of models whose folders do not say them (E5, BGE and others), by the name of the model; empty when unknown.
std::map<std::string, std::string> known_prompts(std::string_view model_name);

std::string pooling_names(std::span<const Pooling> modes);  // "cls+mean"

}  // namespace isogloss::model
