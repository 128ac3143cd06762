// SPDX-License-Identifier: Apache-2.0
// BERT and what keeps its layer: RoBERTa, XLM-R and CamemBERT (positions begin behind the padding id), MPNet (relative
// positions added to the scores), DistilBERT (other names, no token types).
#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {

namespace {

EncoderConfig bert_config(ConfigReader& config) {
  EncoderConfig c = config.dimensions();
  c.token_types = config.count({"type_vocab_size"}, 2, 256);
  c.positions = config.required({"max_position_embeddings"});
  c.max_tokens = c.positions;
  c.norm_eps = static_cast<float>(config.number({"layer_norm_eps"}, 1e-12));
  c.embedding_norm = true;
  c.activation = config.activation({"hidden_act", "activation"}, "gelu");
  return c;
}

WeightNames bert_names() {
  WeightNames n;
  n.words = "embeddings.word_embeddings";
  n.positions = "embeddings.position_embeddings";
  n.types = "embeddings.token_type_embeddings";
  n.embedding_norm = "embeddings.LayerNorm";
  n.query = "encoder.layer.#.attention.self.query";
  n.key = "encoder.layer.#.attention.self.key";
  n.value = "encoder.layer.#.attention.self.value";
  n.attention_out = "encoder.layer.#.attention.output.dense";
  n.attention_norm = "encoder.layer.#.attention.output.LayerNorm";
  n.up = "encoder.layer.#.intermediate.dense";
  n.down = "encoder.layer.#.output.dense";
  n.inner_norm = "encoder.layer.#.output.LayerNorm";
  return n;
}

// Positions count from the padding id + 1; the rows up to it are never used.
void offset_positions(ConfigReader& config, EncoderConfig& c) {
  c.position_offset = config.count({"pad_token_id"}, 1) + 1;
  c.max_tokens = c.positions > c.position_offset ? c.positions - c.position_offset : 0;
}

}  // namespace

Architecture bert(ConfigReader& config) {
  Architecture a{bert_config(config), bert_names()};
  a.names.prefixes = {"", "bert.", "model."};
  const std::string positions = config.text({"position_embedding_type"}, "absolute");
  if (positions == "alibi") {  // Jina's BERT
    config.refuse(
        "this BERT has ALiBi positions (Jina's v2 models); its feed-forward layers are named in ways that are "
        "not known here.");
  } else if (positions != "absolute") {
    config.refuse("positions of type '" + positions + "' are not known here (absolute ones are).");
  }
  if (config.flag({"is_decoder"}, false)) a.config.causal = true;
  return a;
}

Architecture roberta(ConfigReader& config) {
  Architecture a{bert_config(config), bert_names()};
  a.names.prefixes = {"", "roberta.", "model."};
  offset_positions(config, a.config);
  return a;
}

Architecture mpnet(ConfigReader& config) {
  Architecture a{bert_config(config), bert_names()};
  WeightNames& n = a.names;
  n.prefixes = {"", "mpnet."};
  n.types.clear();
  n.query = "encoder.layer.#.attention.attn.q";
  n.key = "encoder.layer.#.attention.attn.k";
  n.value = "encoder.layer.#.attention.attn.v";
  n.attention_out = "encoder.layer.#.attention.attn.o";
  n.attention_norm = "encoder.layer.#.attention.LayerNorm";
  n.relative_bias = "encoder.relative_attention_bias.weight";
  a.config.token_types = 0;
  a.config.position_offset = 2;  // whatever pad_token_id says
  a.config.max_tokens = a.config.positions > 2 ? a.config.positions - 2 : 0;
  a.config.relative_buckets = config.count({"relative_attention_num_buckets"}, 32, 4096);
  return a;
}

Architecture distilbert(ConfigReader& config) {
  Architecture a{bert_config(config), bert_names()};
  WeightNames& n = a.names;
  n.prefixes = {"", "distilbert."};
  n.types.clear();
  n.query = "transformer.layer.#.attention.q_lin";
  n.key = "transformer.layer.#.attention.k_lin";
  n.value = "transformer.layer.#.attention.v_lin";
  n.attention_out = "transformer.layer.#.attention.out_lin";
  n.attention_norm = "transformer.layer.#.sa_layer_norm";
  n.up = "transformer.layer.#.ffn.lin1";
  n.down = "transformer.layer.#.ffn.lin2";
  n.inner_norm = "transformer.layer.#.output_layer_norm";
  a.config.token_types = 0;
  a.config.norm_eps = 1e-12F;  // its config has none
  return a;
}

}  // namespace isogloss::nn
