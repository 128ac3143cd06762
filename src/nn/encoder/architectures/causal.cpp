// SPDX-License-Identifier: Apache-2.0
// Causal models: GPT-2, and the line of Llama, Mistral, Qwen2 and Qwen3 (rotary positions, RMS norm, gated layers, grouped
// queries).
#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {

Architecture gpt2(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.positions = c.max_tokens = config.required({"n_positions", "max_position_embeddings", "n_ctx"});
  c.layers = config.required({"n_layer", "num_hidden_layers"}, 1024);
  c.hidden = config.required({"n_embd", "hidden_size"});
  c.heads = c.kv_heads = config.required({"n_head", "num_attention_heads"}, 4096);
  c.head_dim = c.heads == 0 ? 0 : c.hidden / c.heads;
  c.inner = config.count({"n_inner"}, 4 * c.hidden);
  c.norm_place = NormPlace::pre;
  c.norm_eps = static_cast<float>(config.number({"layer_norm_epsilon"}, 1e-5));
  c.final_norm = c.causal = true;
  c.activation = config.activation({"activation_function"}, "gelu_new");
  WeightNames& n = a.names;
  n.prefixes = {"", "transformer."};
  n.words = "wte";
  n.positions = "wpe";
  n.final_norm = "ln_f";
  n.query_key_value = "h.#.attn.c_attn";
  n.attention_out = "h.#.attn.c_proj";
  n.attention_norm = "h.#.ln_1";
  n.up = "h.#.mlp.c_fc";
  n.down = "h.#.mlp.c_proj";
  n.inner_norm = "h.#.ln_2";
  n.transposed = true;
  return a;
}

Architecture llama(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.max_tokens = config.count({"max_position_embeddings"}, 2048);
  c.layers = config.required({"num_hidden_layers"}, 1024);
  c.hidden = config.required({"hidden_size"});
  c.heads = config.required({"num_attention_heads"}, 4096);
  c.kv_heads = config.count({"num_key_value_heads"}, c.heads, 4096);
  c.head_dim = config.count({"head_dim"}, c.heads == 0 ? 0 : c.hidden / c.heads);
  c.inner = config.required({"intermediate_size"});
  c.norm_place = NormPlace::pre;
  c.norm = Norm::rms;
  c.norm_eps = static_cast<float>(config.number({"rms_norm_eps"}, 1e-6));
  c.final_norm = c.gated = true;
  c.causal = config.flag({"is_causal"}, true) && !config.flag({"use_bidirectional_attention"}, false);
  c.activation = config.activation({"hidden_act"}, "silu");
  c.rotary = {config.rotary(c.head_dim, config.number({"rope_theta"}, 10000))};
  const std::size_t window = config.count({"sliding_window"}, 0);
  if (window != 0 && window < c.max_tokens && config.flag({"use_sliding_window"}, true)) {
    c.reach.assign(c.layers, LayerReach{window - 1, 0});
  }
  WeightNames& n = a.names;
  n.prefixes = {"", "model."};
  n.words = "embed_tokens";
  n.final_norm = "norm";
  n.query = "layers.#.self_attn.q_proj";
  n.key = "layers.#.self_attn.k_proj";
  n.value = "layers.#.self_attn.v_proj";
  n.attention_out = "layers.#.self_attn.o_proj";
  n.attention_norm = "layers.#.input_layernorm";
  n.gate = "layers.#.mlp.gate_proj";
  n.up = "layers.#.mlp.up_proj";
  n.down = "layers.#.mlp.down_proj";
  n.inner_norm = "layers.#.post_attention_layernorm";
  return a;
}

// use_sliding_window is false where a Qwen config does not say.
Architecture qwen2(ConfigReader& config) {
  Architecture a = llama(config);
  if (!config.flag({"use_sliding_window"}, false)) a.config.reach.clear();
  return a;
}

Architecture qwen3(ConfigReader& config) {
  Architecture a = qwen2(config);
  a.config.query_key_norm = true;
  a.config.head_dim = config.count({"head_dim"}, 128);
  for (Rotary& rotary : a.config.rotary) rotary.dims = a.config.head_dim;
  a.names.query_norm = "layers.#.self_attn.q_norm";
  a.names.key_norm = "layers.#.self_attn.k_norm";
  return a;
}

}  // namespace isogloss::nn
