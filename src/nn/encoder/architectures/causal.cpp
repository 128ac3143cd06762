// SPDX-License-Identifier: Apache-2.0
// Causal models and their kin: GPT-2; the line of Llama, Mistral, Qwen2 and Qwen3 (rotary positions, RMS norm, gated
// layers, grouped queries); Gemma 3, which may look both ways.
#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {
namespace {

WeightNames llama_names() {
  WeightNames n;
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
  return n;
}

}  // namespace

Architecture gpt2(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c = config.dimensions([](std::size_t hidden) { return 4 * hidden; });
  c.positions = c.max_tokens = config.required({"n_positions", "max_position_embeddings", "n_ctx"});
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
  c = config.dimensions();
  c.max_tokens = config.count({"max_position_embeddings"}, 2048);
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
  a.names = llama_names();
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

// Gemma 3 in its text form, EmbeddingGemma included: a norm before and behind every branch, 1 + weight, five layers
// with a window for one that sees all.
Architecture gemma3(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c = config.dimensions();
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
  c.head_dim = config.count({"head_dim"}, 256);
  c.norm_place = NormPlace::sandwich;
  c.norm = Norm::rms;
  c.norm_eps = static_cast<float>(config.number({"rms_norm_eps"}, 1e-6));
  c.norm_plus_one = c.final_norm = c.gated = c.query_key_norm = true;
  c.activation = config.activation({"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh");
  c.embedding_scale = static_cast<float>(__builtin_sqrt(static_cast<double>(c.hidden)));
  c.attention_scale = static_cast<float>(1 / __builtin_sqrt(config.number({"query_pre_attn_scalar"}, 256)));
  c.causal = !config.flag({"use_bidirectional_attention"}, false);
  c.rotary = {config.rotary(c.head_dim, config.number({"rope_theta"}, 1e6), "full_attention"),
              config.rotary(c.head_dim, config.number({"rope_local_base_freq"}, 1e4), "sliding_attention")};
  const std::size_t width = config.count({"sliding_window"}, 4096);
  const std::size_t window = c.causal ? width - 1 : width / 2;
  const std::size_t every = config.count({"sliding_window_pattern", "_sliding_window_pattern"}, 6);
  for (const bool sees_all : config.layers_that_see_all(c.layers, every, every - 1)) {
    c.reach.push_back(sees_all ? LayerReach{0, 0} : LayerReach{window, 1});
  }
  if (config.number({"attn_logit_softcapping"}, 0) != 0)
    config.refuse("soft-capped attention scores are not known here.");
  WeightNames& n = a.names;
  n = llama_names();
  n.attention_out_norm = "layers.#.post_attention_layernorm";
  n.query_norm = "layers.#.self_attn.q_norm";
  n.key_norm = "layers.#.self_attn.k_norm";
  n.inner_norm = "layers.#.pre_feedforward_layernorm";
  n.inner_out_norm = "layers.#.post_feedforward_layernorm";
  return a;
}

}  // namespace isogloss::nn
