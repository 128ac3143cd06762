// SPDX-License-Identifier: Apache-2.0
// Nothing here knows how a layer works: keys become the members of a config.json, which architectures/ reads, and names
// become names. Numbers that no key has (rows of tables) are taken from the tensors.
#include "nn/encoder/gguf/gguf_architecture.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/text.hpp"
#include "nn/encoder/gguf/gguf_keys.hpp"

namespace isogloss::nn {
namespace {

constexpr GgufName kBert[] = {{"embeddings.word_embeddings", "token_embd"},
                              {"embeddings.position_embeddings", "position_embd"},
                              {"embeddings.token_type_embeddings", "token_types"},
                              {"embeddings.LayerNorm", "token_embd_norm"},
                              {"encoder.layer.#.attention.self.query", "blk.#.attn_q"},
                              {"encoder.layer.#.attention.self.key", "blk.#.attn_k"},
                              {"encoder.layer.#.attention.self.value", "blk.#.attn_v"},
                              {"encoder.layer.#.attention.output.dense", "blk.#.attn_output"},
                              {"encoder.layer.#.attention.output.LayerNorm", "blk.#.attn_output_norm"},
                              {"encoder.layer.#.intermediate.dense", "blk.#.ffn_up"},
                              {"encoder.layer.#.output.dense", "blk.#.ffn_down"},
                              {"encoder.layer.#.output.LayerNorm", "blk.#.layer_output_norm"}};

constexpr GgufName kNomicBert[] = {{"embeddings.word_embeddings", "token_embd"},
                                   {"embeddings.token_type_embeddings", "token_types"},
                                   {"emb_ln", "token_embd_norm"},
                                   {"encoder.layers.#.attn.Wqkv", "blk.#.attn_qkv"},
                                   {"encoder.layers.#.attn.out_proj", "blk.#.attn_output"},
                                   {"encoder.layers.#.norm1", "blk.#.attn_output_norm"},
                                   {"encoder.layers.#.mlp.fc11", "blk.#.ffn_up"},
                                   {"encoder.layers.#.mlp.fc12", "blk.#.ffn_gate"},
                                   {"encoder.layers.#.mlp.fc2", "blk.#.ffn_down"},
                                   {"encoder.layers.#.norm2", "blk.#.layer_output_norm"}};

constexpr GgufName kModernBert[] = {{"embeddings.tok_embeddings", "token_embd"},
                                    {"embeddings.norm", "token_embd_norm"},
                                    {"final_norm", "output_norm"},
                                    {"layers.#.attn.Wqkv", "blk.#.attn_qkv"},
                                    {"layers.#.attn.Wo", "blk.#.attn_output"},
                                    {"layers.#.attn_norm", "blk.#.attn_norm"},
                                    {"layers.#.mlp.Wi", "blk.#.ffn_up"},
                                    {"layers.#.mlp.Wo", "blk.#.ffn_down"},
                                    {"layers.#.mlp_norm", "blk.#.ffn_norm"}};

constexpr GgufName kGpt2[] = {{"wte", "token_embd"},
                              {"wpe", "position_embd"},
                              {"ln_f", "output_norm"},
                              {"h.#.attn.c_attn", "blk.#.attn_qkv", GgufChange::transposed},
                              {"h.#.attn.c_proj", "blk.#.attn_output", GgufChange::transposed},
                              {"h.#.ln_1", "blk.#.attn_norm"},
                              {"h.#.mlp.c_fc", "blk.#.ffn_up", GgufChange::transposed},
                              {"h.#.mlp.c_proj", "blk.#.ffn_down", GgufChange::transposed},
                              {"h.#.ln_2", "blk.#.ffn_norm"}};

// Llama's names, with the change of query and key, of norms.
constexpr std::array<GgufName, 13> llama_names(GgufChange q, GgufChange k, GgufChange norm) {
  return {{{"embed_tokens", "token_embd"},
           {"norm", "output_norm", norm},
           {"layers.#.self_attn.q_proj", "blk.#.attn_q", q},
           {"layers.#.self_attn.k_proj", "blk.#.attn_k", k},
           {"layers.#.self_attn.v_proj", "blk.#.attn_v"},
           {"layers.#.self_attn.o_proj", "blk.#.attn_output"},
           {"layers.#.self_attn.q_norm", "blk.#.attn_q_norm", norm},
           {"layers.#.self_attn.k_norm", "blk.#.attn_k_norm", norm},
           {"layers.#.input_layernorm", "blk.#.attn_norm", norm},
           {"layers.#.post_attention_layernorm", "blk.#.ffn_norm", norm},
           {"layers.#.mlp.gate_proj", "blk.#.ffn_gate"},
           {"layers.#.mlp.up_proj", "blk.#.ffn_up"},
           {"layers.#.mlp.down_proj", "blk.#.ffn_down"}}};
}
constexpr auto kLlama = llama_names(GgufChange::permuted_q, GgufChange::permuted_k, GgufChange::none);
constexpr auto kQwen = llama_names(GgufChange::none, GgufChange::none, GgufChange::none);

// Gemma has two norms more, and another name for the one in front of the feed-forward layer.
constexpr std::array<GgufName, 15> gemma_names() {
  constexpr auto kLike = llama_names(GgufChange::none, GgufChange::none, GgufChange::plus_one);
  std::array<GgufName, 15> out{};
  std::ranges::copy(kLike, out.begin());
  for (GgufName& name : out) {
    if (name.here == "layers.#.post_attention_layernorm") name.here = "layers.#.pre_feedforward_layernorm";
  }
  out[13] = {"layers.#.post_attention_layernorm", "blk.#.post_attention_norm", GgufChange::plus_one};
  out[14] = {"layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm", GgufChange::plus_one};
  return out;
}
constexpr auto kGemma = gemma_names();

struct Entry {
  std::string_view architecture;
  std::span<const GgufName> names;
  Result<Json> (*config)(GgufKeys& keys);
};
constexpr Entry kEntries[] = {{"bert", kBert, bert_config},
                              {"gemma-embedding", kGemma, gemma_config},
                              {"gemma3", kGemma, gemma_config},
                              {"gpt2", kGpt2, gpt2_config},
                              {"llama", kLlama, llama_config},
                              {"modern-bert", kModernBert, modernbert_config},
                              {"nomic-bert", kNomicBert, nomic_bert_config},
                              {"qwen2", kQwen, qwen2_config},
                              {"qwen3", kQwen, qwen3_config}};

}  // namespace

std::vector<std::string_view> known_gguf_architectures() {
  std::vector<std::string_view> out;
  for (const Entry& entry : kEntries) out.push_back(entry.architecture);
  std::ranges::sort(out);
  return out;
}

Result<GgufModel> gguf_model(const formats::Gguf& file) {
  const std::string_view architecture = IG_TRY(file.text("general.architecture"));
  const auto* const entry = std::ranges::find(kEntries, architecture, &Entry::architecture);
  if (entry == std::end(kEntries)) {
    std::string known;
    for (const std::string_view name : known_gguf_architectures())
      known += (known.empty() ? "" : ", ") + std::string(name);
    return fail(Code::unsupported, file.where() + ": key 'general.architecture' is '" + shortened(architecture, 60) +
                                       "'; the architectures known here are " + known +
                                       ". Take the model's Hugging Face folder if that is one of ours.");
  }
  if (IG_TRY(file.integer_or("split.count", 1, 0, 1 << 20)) > 1) {
    return fail(Code::unsupported, file.where() +
                                       " is one of several parts of a model. Join them first: "
                                       "llama-gguf-split --merge FIRST_PART OUT.gguf");
  }
  GgufKeys keys(file, entry->architecture);
  GgufModel out;
  out.architecture = entry->architecture;
  out.heads = IG_TRY(keys.count("attention.head_count", 0));
  out.kv_heads = IG_TRY(keys.count("attention.head_count_kv", out.heads));
  out.config = IG_TRY(entry->config(keys));
  out.names.assign(entry->names.begin(), entry->names.end());
  return out;
}

}  // namespace isogloss::nn
