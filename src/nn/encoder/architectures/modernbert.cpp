// SPDX-License-Identifier: Apache-2.0
// Encoders with rotary positions and gated layers: ModernBERT (norm before, every third layer sees all), NomicBERT and
// GTE's "new" architecture (norm behind).
#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {

namespace {

// The kinds of layers as a file names them, or by the rule that every n-th one, counted from `first`, sees all.
std::vector<bool> layers_that_see_all(ConfigReader& config, std::size_t layers, std::size_t every, std::size_t first) {
  std::vector<bool> all(layers);
  const Json* const types = config.find({"layer_types"});
  for (std::size_t i = 0; i < layers; ++i) all[i] = every != 0 && i % every == first % every;
  if (types == nullptr) return all;
  const auto list = types->as_array();
  for (std::size_t i = 0; i < layers && i < list.size(); ++i) all[i] = list[i].as_string() == "full_attention";
  return all;
}

}  // namespace

Architecture modernbert(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
  c.layers = config.required({"num_hidden_layers"}, 1024);
  c.hidden = config.required({"hidden_size"});
  c.heads = c.kv_heads = config.required({"num_attention_heads"}, 4096);
  c.head_dim = c.heads == 0 ? 0 : c.hidden / c.heads;
  c.inner = config.required({"intermediate_size"});
  c.norm_place = NormPlace::pre;
  c.norm_eps = static_cast<float>(config.number({"norm_eps"}, 1e-5));
  c.embedding_norm = c.final_norm = c.gated = true;
  c.first_attention_norm = false;
  c.activation = config.activation({"hidden_activation", "hidden_act"}, "gelu");
  c.rotary = {config.rotary(c.head_dim, config.number({"global_rope_theta"}, 160000), "full_attention"),
              config.rotary(c.head_dim, config.number({"local_rope_theta"}, 10000), "sliding_attention")};
  const std::size_t window = config.count({"local_attention"}, 128) / 2;
  const auto all = layers_that_see_all(config, c.layers, config.count({"global_attn_every_n_layers"}, 3), 0);
  for (const bool sees_all : all) c.reach.push_back(sees_all ? LayerReach{0, 0} : LayerReach{window, 1});
  WeightNames& n = a.names;
  n.prefixes = {"", "model."};
  n.words = "embeddings.tok_embeddings";
  n.embedding_norm = "embeddings.norm";
  n.final_norm = "final_norm";
  n.query_key_value = "layers.#.attn.Wqkv";
  n.attention_out = "layers.#.attn.Wo";
  n.attention_norm = "layers.#.attn_norm";
  n.gate_up = "layers.#.mlp.Wi";
  n.down = "layers.#.mlp.Wo";
  n.inner_norm = "layers.#.mlp_norm";
  return a;
}

// The names of Nomic's own files; those that the transformers library writes are the same after its renaming.
Architecture nomic_bert(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.token_types = config.count({"type_vocab_size"}, 2, 256);
  // 8192 in n_positions is what the code could do; the model was trained up to max_trained_positions.
  c.max_tokens = config.count({"max_trained_positions", "max_position_embeddings", "n_positions"}, 2048);
  c.layers = config.required({"num_hidden_layers", "n_layer"}, 1024);
  c.hidden = config.required({"hidden_size", "n_embd"});
  c.heads = c.kv_heads = config.required({"num_attention_heads", "n_head"}, 4096);
  c.head_dim = config.count({"head_dim"}, c.heads == 0 ? 0 : c.hidden / c.heads);
  c.inner = config.required({"intermediate_size", "n_inner"});
  c.norm_eps = static_cast<float>(config.number({"layer_norm_eps", "layer_norm_epsilon"}, 1e-12));
  c.embedding_norm = c.gated = true;
  c.activation = config.activation({"hidden_act", "activation_function"}, "swiglu");
  const double share = config.number({"rotary_emb_fraction"}, 1.0);
  const auto dims = static_cast<std::size_t>(static_cast<double>(c.head_dim) * share);
  c.rotary = {config.rotary(dims, config.number({"rotary_emb_base", "rope_theta"}, 1000))};
  if (config.flag({"rotary_emb_interleaved"}, false)) config.refuse("interleaved rotary positions are not known here.");
  if (config.count({"num_experts"}, 0) > 0) config.refuse("layers of several experts are not known here.");
  if (config.flag({"prenorm"}, false)) config.refuse("a NomicBERT with the norm before its layers is not known here.");
  WeightNames& n = a.names;
  n.prefixes = {"", "model.", "nomic_bert."};
  n.words = "embeddings.word_embeddings";
  n.types = "embeddings.token_type_embeddings";
  n.embedding_norm = "emb_ln";
  n.query_key_value = "encoder.layers.#.attn.Wqkv";
  n.attention_out = "encoder.layers.#.attn.out_proj";
  n.attention_norm = "encoder.layers.#.norm1";
  n.up = "encoder.layers.#.mlp.fc11";
  n.gate = "encoder.layers.#.mlp.fc12";
  n.down = "encoder.layers.#.mlp.fc2";
  n.inner_norm = "encoder.layers.#.norm2";
  return a;
}

Architecture gte(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.token_types = config.count({"type_vocab_size"}, 0, 256);
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
  c.layers = config.required({"num_hidden_layers"}, 1024);
  c.hidden = config.required({"hidden_size"});
  c.heads = c.kv_heads = config.required({"num_attention_heads"}, 4096);
  c.head_dim = c.heads == 0 ? 0 : c.hidden / c.heads;
  c.inner = config.required({"intermediate_size"});
  c.norm_eps = static_cast<float>(config.number({"layer_norm_eps"}, 1e-12));
  c.embedding_norm = c.gated = true;
  c.activation = config.activation({"hidden_act"}, "gelu");
  c.rotary = {config.rotary(c.head_dim, config.number({"rope_theta"}, 160000))};
  WeightNames& n = a.names;
  n.prefixes = {"", "new.", "model."};
  n.words = "embeddings.word_embeddings";
  n.types = "embeddings.token_type_embeddings";
  n.embedding_norm = "embeddings.LayerNorm";
  n.query_key_value = "encoder.layer.#.attention.qkv_proj";
  n.attention_out = "encoder.layer.#.attention.o_proj";
  n.attention_norm = "encoder.layer.#.attn_ln";
  n.up_gate = "encoder.layer.#.mlp.up_gate_proj";
  n.down = "encoder.layer.#.mlp.down_proj";
  n.inner_norm = "encoder.layer.#.mlp_ln";
  return a;
}

// Gemma 3 in its text form, EmbeddingGemma included: a norm before and behind every branch, 1 + weight, five layers with
// a window for one that sees all.
Architecture gemma3(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c.vocabulary = config.required({"vocab_size"});
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
  c.layers = config.required({"num_hidden_layers"}, 1024);
  c.hidden = config.required({"hidden_size"});
  c.heads = config.required({"num_attention_heads"}, 4096);
  c.kv_heads = config.count({"num_key_value_heads"}, c.heads, 4096);
  c.head_dim = config.count({"head_dim"}, 256);
  c.inner = config.required({"intermediate_size"});
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
  for (const bool sees_all : layers_that_see_all(config, c.layers, every, every - 1)) {
    c.reach.push_back(sees_all ? LayerReach{0, 0} : LayerReach{window, 1});
  }
  if (config.number({"attn_logit_softcapping"}, 0) != 0) config.refuse("soft-capped attention scores are not known here.");
  WeightNames& n = a.names;
  n.prefixes = {"", "model."};
  n.words = "embed_tokens";
  n.final_norm = "norm";
  n.query = "layers.#.self_attn.q_proj";
  n.key = "layers.#.self_attn.k_proj";
  n.value = "layers.#.self_attn.v_proj";
  n.attention_out = "layers.#.self_attn.o_proj";
  n.attention_norm = "layers.#.input_layernorm";
  n.attention_out_norm = "layers.#.post_attention_layernorm";
  n.query_norm = "layers.#.self_attn.q_norm";
  n.key_norm = "layers.#.self_attn.k_norm";
  n.inner_norm = "layers.#.pre_feedforward_layernorm";
  n.inner_out_norm = "layers.#.post_feedforward_layernorm";
  n.gate = "layers.#.mlp.gate_proj";
  n.up = "layers.#.mlp.up_proj";
  n.down = "layers.#.mlp.down_proj";
  return a;
}

}  // namespace isogloss::nn
