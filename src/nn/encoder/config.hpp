// SPDX-License-Identifier: Apache-2.0
// Everything that tells one transformer from another, as numbers and switches: the encoder knows no model by name.
// Made from a config.json by architectures/.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nn/encoder/kernels.hpp"

namespace isogloss::nn {

enum class NormPlace : std::uint8_t {
  post,      // x = norm(x + f(x)): BERT
  pre,       // x = x + f(norm(x)): GPT-2, Llama, ModernBERT
  sandwich,  // x = x + norm(f(norm(x))): Gemma 3
};

// Rotary positions: pair (i, i + rotary / 2) of a head turns by position / theta^(2 i / rotary).
struct Rotary {
  double theta = 10000;
  std::size_t dims = 0;  // of a head that turn; even
  // Longer contexts: frequencies divided by `factor`, all of them (linear) or by wave length (Llama 3).
  double factor = 1;
  bool by_wave_length = false;
  double low_factor = 1, high_factor = 4, original_positions = 8192;
};

// What a layer sees.
struct LayerReach {
  std::size_t window = 0;  // keys at most this far away; 0 = all
  std::size_t rotary = 0;  // index into EncoderConfig::rotary
};

struct EncoderConfig {
  std::string architecture;  // "bert"
  std::size_t vocabulary = 0;
  std::size_t token_types = 0;      // rows of the token type table; 0 = no such table
  std::size_t positions = 0;        // rows of the position table; 0 = no such table
  std::size_t position_offset = 0;  // row of the first position
  std::size_t max_tokens = 0;       // that the positions allow; 0 = any number

  std::size_t layers = 0;
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t inner = 0;  // width of the feed-forward layer

  NormPlace norm_place = NormPlace::post;
  Norm norm = Norm::layer;
  float norm_eps = 1e-12F;
  bool norm_plus_one = false;        // scale is 1 + weight (Gemma)
  bool embedding_norm = false;       // after the sum of the embeddings
  bool final_norm = false;           // after the last layer
  bool first_attention_norm = true;  // false: layer 0 reads its input as it is (ModernBERT)
  bool query_key_norm = false;       // RMS norm of every head's query and key

  Activation activation = Activation::gelu;
  bool gated = false;  // act(gate(x)) * up(x)

  float attention_scale = 0;  // of q k; 0 = 1 / sqrt(head_dim)
  bool causal = false;
  float embedding_scale = 1;
  std::vector<Rotary> rotary;        // empty = none
  std::vector<LayerReach> reach;     // (layers), empty = every layer sees all
  bool alibi = false;                // distance times a slope per head
  std::size_t relative_buckets = 0;  // T5's bucketed distances, shared by all layers; 0 = none
  std::size_t relative_distance = 128;
};

// Where the tensors of an architecture are. Names of layers hold '#' for the layer's number; empty = there is none.
// Each linear layer is NAME.weight (out, in) and, when the file has it, NAME.bias; each norm NAME.weight and NAME.bias
// (old files: NAME.gamma, NAME.beta).
struct WeightNames {
  std::vector<std::string> prefixes{""};  // the first with which the word table is found
  std::string words, positions, types, embedding_norm, final_norm;
  std::string query, key, value;  // or
  std::string query_key_value;    // one under the other
  std::string attention_out;
  std::string attention_norm;      // before or after attention, by NormPlace
  std::string attention_out_norm;  // of sandwich
  std::string query_norm, key_norm;
  std::string inner_norm;      // before or after the feed-forward layer
  std::string inner_out_norm;  // of sandwich
  std::string gate, up;        // or
  std::string gate_up;         // gate above up, or
  std::string up_gate;         // up above gate
  std::string down;
  std::string relative_bias;  // (buckets, heads), whole name
  bool transposed = false;    // weights are (in, out): GPT-2
};

// A name with the layer's number in place of '#'.
inline std::string numbered(std::string name, std::size_t layer) {
  if (const std::size_t at = name.find('#'); at != std::string::npos) name.replace(at, 1, std::to_string(layer));
  return name;
}

struct Architecture {
  EncoderConfig config;
  WeightNames names;
};

}  // namespace isogloss::nn
