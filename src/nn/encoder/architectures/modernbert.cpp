// SPDX-License-Identifier: Apache-2.0
// Encoders with rotary positions and gated layers: ModernBERT (norm before, every third layer sees all), NomicBERT and
// GTE's "new" architecture (norm behind).
#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {

Architecture modernbert(ConfigReader& config) {
  Architecture a;
  EncoderConfig& c = a.config;
  c = config.dimensions();
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
  c.norm_place = NormPlace::pre;
  c.norm_eps = static_cast<float>(config.number({"norm_eps"}, 1e-5));
  c.embedding_norm = c.final_norm = c.gated = true;
  c.first_attention_norm = false;
  c.activation = config.activation({"hidden_activation", "hidden_act"}, "gelu");
  c.rotary = {config.rotary(c.head_dim, config.number({"global_rope_theta"}, 160000), "full_attention"),
              config.rotary(c.head_dim, config.number({"local_rope_theta"}, 10000), "sliding_attention")};
  const std::size_t window = config.count({"local_attention"}, 128) / 2;
  const auto all = config.layers_that_see_all(c.layers, config.count({"global_attn_every_n_layers"}, 3), 0);
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
  c = config.dimensions();
  c.token_types = config.count({"type_vocab_size"}, 2, 256);
  // 8192 in n_positions is what the code could do; the model was trained up to max_trained_positions.
  c.max_tokens = config.count({"max_trained_positions", "max_position_embeddings", "n_positions"}, 2048);
  c.norm_eps = static_cast<float>(config.number({"layer_norm_eps", "layer_norm_epsilon"}, 1e-12));
  c.embedding_norm = c.gated = true;
  c.activation = config.activation({"hidden_act", "activation_function"}, "swiglu");
  double share = config.number({"rotary_emb_fraction"}, 1.0);
  if (!(share > 0 && share <= 1)) {
    config.refuse("'rotary_emb_fraction' is " + std::to_string(share) + "; a share of a head, up to 1, belongs there.");
    share = 1;
  }
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
  c = config.dimensions();
  c.token_types = config.count({"type_vocab_size"}, 0, 256);
  c.max_tokens = config.count({"max_position_embeddings"}, 8192);
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

}  // namespace isogloss::nn
