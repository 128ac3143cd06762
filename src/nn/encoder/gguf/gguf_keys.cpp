// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/gguf/gguf_keys.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/text.hpp"
#include "formats/dequantize.hpp"

namespace isogloss::nn {
namespace {

constexpr std::int64_t kMost = 1 << 24;  // of any count in a config

Json text(std::string_view value) { return Json(std::string(value)); }

// Llama 3's long contexts: a tensor of divisors, one for each rotary frequency, where a config.json has the numbers
// they were made of. Waves longer than `original` positions are divided by `factor`, those shorter than a quarter of it
// by 1, and between the two the step is linear in original / wave; so the largest divisor is the factor, and any
// divisor between tells `original`.
struct LongContext {
  double factor = 1;
  double original = 8192;
};

double divisor(const LongContext& c, double wave) {
  constexpr double kLow = 1, kHigh = 4;
  if (wave < c.original / kHigh) return 1;
  if (wave > c.original / kLow) return c.factor;
  const double smooth = (c.original / wave - kLow) / (kHigh - kLow);
  return 1 / ((1 - smooth) / c.factor + smooth);
}

std::optional<LongContext> long_context_of(const std::vector<float>& divisors, double theta) {
  LongContext out;
  const auto wave = [&](std::size_t i) {
    const double share = static_cast<double>(i) / static_cast<double>(divisors.size());
    return 2 * std::numbers::pi * std::pow(theta, share);
  };
  out.factor = static_cast<double>(std::ranges::max(divisors));
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    const double d = static_cast<double>(divisors[i]);
    if (d <= 1.001 || d >= out.factor * 0.999) continue;
    const double smooth = (1 / d - 1 / out.factor) / (1 - 1 / out.factor);
    out.original = std::round((1 + 3 * smooth) * wave(i));
    break;
  }
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    const double d = static_cast<double>(divisors[i]);
    if (!(std::abs(divisor(out, wave(i)) - d) <= 1e-4 * d)) return std::nullopt;
  }
  return out;
}

}  // namespace

std::unexpected<Error> GgufKeys::refuse(const std::string& what) const {
  return fail(Code::unsupported, file_.where() + ": " + what);
}

Result<std::size_t> GgufKeys::count(std::string_view name, std::size_t absent) const {
  return static_cast<std::size_t>(IG_TRY(file_.integer_or(key(name), static_cast<std::int64_t>(absent), 0, kMost)));
}

Status GgufKeys::copy_count(std::string_view name, std::string_view member) {
  if (has(name)) put(member, IG_TRY(count(name, 0)));
  return {};
}

Status GgufKeys::copy_number(std::string_view name, std::string_view member) {
  if (has(name)) put(member, Json(IG_TRY(file_.number(key(name)))));
  return {};
}

std::size_t GgufKeys::rows(std::string_view tensor) const {
  const formats::GgufTensor* const found = file_.find_tensor(tensor);
  return found == nullptr || found->shape.empty() ? 0 : found->shape[0];
}

Status GgufKeys::copy_dimensions(std::string_view model_type) {
  if (IG_TRY(count("expert_count", 0)) != 0)
    return refuse("key '" + key("expert_count") + "': layers of several experts are not known here.");
  put("model_type", text(model_type));
  put("_name_or_path", text(IG_TRY(file_.text_or("general.name", ""))));
  put("vocab_size", rows("token_embd.weight"));
  const std::pair<std::string_view, std::string_view> kCounts[] = {{"block_count", "num_hidden_layers"},
                                                                   {"embedding_length", "hidden_size"},
                                                                   {"attention.head_count", "num_attention_heads"},
                                                                   {"feed_forward_length", "intermediate_size"}};
  for (const auto& [name, member] : kCounts) {
    put(member, static_cast<std::size_t>(IG_TRY(file_.integer(key(name), 1, kMost))));
  }
  // Libraries that open the config check these against the vocabulary, and have defaults of their own.
  const std::pair<std::string_view, std::string_view> kTokens[] = {{"padding_token_id", "pad_token_id"},
                                                                   {"bos_token_id", "bos_token_id"},
                                                                   {"eos_token_id", "eos_token_id"},
                                                                   {"cls_token_id", "cls_token_id"},
                                                                   {"seperator_token_id", "sep_token_id"}};
  for (const auto& [name, member] : kTokens) {
    const std::int64_t id = IG_TRY(file_.integer_or("tokenizer.ggml." + std::string(name), -1, -1, kMost));
    put(member, id < 0 ? Json() : Json(id));
  }
  return copy_count("attention.head_count_kv", "num_key_value_heads");
}

Status GgufKeys::copy_rope_scaling() {
  const double theta = IG_TRY(file_.number_or(key("rope.freq_base"), 10000));
  const std::string_view type = IG_TRY(file_.text_or(key("rope.scaling.type"), "none"));
  Json::Object values{{"rope_theta", Json(theta)}};
  if (type != "none") {
    values.emplace_back("rope_type", text(type));
    values.emplace_back("factor", Json(IG_TRY(file_.number_or(key("rope.scaling.factor"), 1))));
  }
  if (const formats::GgufTensor* const tensor = file_.find_tensor("rope_freqs.weight"); tensor != nullptr) {
    if (!formats::can_dequantize(*tensor->type) || tensor->elements() == 0 || tensor->elements() > 4096)
      return refuse("tensor 'rope_freqs.weight' is no list of divisors.");
    std::vector<std::byte> bytes(static_cast<std::size_t>(tensor->size));
    std::vector<float> divisors(static_cast<std::size_t>(tensor->elements()));
    IG_TRY(file_.read(*tensor, bytes));
    formats::dequantize(*tensor->type, bytes, divisors);
    const auto found = long_context_of(divisors, theta);
    if (!found) {
      return refuse(
          "the divisors in 'rope_freqs.weight' are not those of Llama 3; other long contexts are not known "
          "here. Take the model's Hugging Face folder.");
    }
    values = {{"rope_theta", Json(theta)},     {"rope_type", text("llama3")},
              {"factor", Json(found->factor)}, {"low_freq_factor", Json(1.0)},
              {"high_freq_factor", Json(4.0)}, {"original_max_position_embeddings", Json(found->original)}};
  }
  put("rope_theta", Json(theta));
  put("rope_parameters", Json(std::move(values)));
  return {};
}

// Converters cut the rows off RoBERTa's positions that are never used, so that all of this kind count from 0.
Result<Json> bert_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("bert"));
  keys.put("type_vocab_size", keys.rows("token_types.weight"));
  keys.put("max_position_embeddings", keys.rows("position_embd.weight"));
  keys.put("hidden_act", text("gelu"));
  IG_TRY(keys.copy_number("attention.layer_norm_epsilon", "layer_norm_eps"));
  return keys.finish();
}

Result<Json> nomic_bert_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("nomic_bert"));
  keys.put("type_vocab_size", keys.rows("token_types.weight"));
  IG_TRY(keys.copy_count("context_length", "max_position_embeddings"));
  IG_TRY(keys.copy_number("attention.layer_norm_epsilon", "layer_norm_eps"));
  IG_TRY(keys.copy_rope_scaling());
  return keys.finish();
}

Result<Json> modernbert_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("modernbert"));
  IG_TRY(keys.copy_count("context_length", "max_position_embeddings"));
  IG_TRY(keys.copy_number("attention.layer_norm_epsilon", "norm_eps"));
  IG_TRY(keys.copy_count("attention.sliding_window", "local_attention"));
  IG_TRY(keys.copy_count("attention.sliding_window_pattern", "global_attn_every_n_layers"));
  IG_TRY(keys.copy_number("rope.freq_base", "global_rope_theta"));
  IG_TRY(keys.copy_number("rope.freq_base_swa", "local_rope_theta"));
  keys.put("hidden_activation", text(IG_TRY(keys.file().text_or(keys.key("hidden_activation"), "gelu"))));
  return keys.finish();
}

Result<Json> gpt2_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("gpt2"));
  keys.put("n_positions", keys.rows("position_embd.weight"));
  IG_TRY(keys.copy_number("attention.layer_norm_epsilon", "layer_norm_epsilon"));
  return keys.finish();
}

Result<Json> llama_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("llama"));
  IG_TRY(keys.copy_count("context_length", "max_position_embeddings"));
  IG_TRY(keys.copy_count("attention.key_length", "head_dim"));
  IG_TRY(keys.copy_number("attention.layer_norm_rms_epsilon", "rms_norm_eps"));
  IG_TRY(keys.copy_count("attention.sliding_window", "sliding_window"));
  keys.put("is_causal", Json(IG_TRY(keys.file().boolean_or(keys.key("attention.causal"), true))));
  IG_TRY(keys.copy_rope_scaling());
  return keys.finish();
}

namespace {

Result<Json> qwen_config(GgufKeys& keys, std::string_view model_type) {
  IG_TRY(keys.copy_dimensions(model_type));
  IG_TRY(keys.copy_count("context_length", "max_position_embeddings"));
  IG_TRY(keys.copy_count("attention.key_length", "head_dim"));
  IG_TRY(keys.copy_number("attention.layer_norm_rms_epsilon", "rms_norm_eps"));
  keys.put("is_causal", Json(IG_TRY(keys.file().boolean_or(keys.key("attention.causal"), true))));
  IG_TRY(keys.copy_rope_scaling());
  return keys.finish();
}

// Which layers have a window: an array says it of each, else every n-th layer sees all.
Result<Json> layer_types(const GgufKeys& keys) {
  const std::string name = keys.key("attention.sliding_window_pattern");
  const auto layers = IG_TRY(keys.count("block_count", 0));
  const formats::GgufValue* const value = keys.file().find(name);
  std::vector<bool> window(std::min<std::size_t>(layers, 1024));
  if (value != nullptr && value->is_array()) {
    if (value->element != formats::GgufType::boolean || value->count != layers)
      return keys.refuse("key '" + name + "' has to be a bool for each of the " + std::to_string(layers) + " layers.");
    for (std::size_t i = 0; i < window.size(); ++i) window[i] = value->bytes[i] != std::byte{0};
  } else {
    const std::size_t every = IG_TRY(keys.count("attention.sliding_window_pattern", 6));
    for (std::size_t i = 0; i < window.size(); ++i) window[i] = every == 0 || (i + 1) % every != 0;
  }
  Json::Array out;
  for (const bool has_window : window) out.push_back(text(has_window ? "sliding_attention" : "full_attention"));
  return Json(std::move(out));
}

}  // namespace

Result<Json> qwen2_config(GgufKeys& keys) { return qwen_config(keys, "qwen2"); }
Result<Json> qwen3_config(GgufKeys& keys) { return qwen_config(keys, "qwen3"); }

// "gemma-embedding" looks both ways, "gemma3" does not, whether or not a key says so.
Result<Json> gemma_config(GgufKeys& keys) {
  IG_TRY(keys.copy_dimensions("gemma3_text"));
  IG_TRY(keys.copy_count("context_length", "max_position_embeddings"));
  IG_TRY(keys.copy_number("attention.layer_norm_rms_epsilon", "rms_norm_eps"));
  IG_TRY(keys.copy_count("attention.sliding_window", "sliding_window"));
  const std::size_t head = IG_TRY(keys.count("attention.key_length", 256));
  keys.put("head_dim", head);
  const double scale = IG_TRY(keys.file().number_or(keys.key("attention.scale"), 0));
  keys.put("query_pre_attn_scalar", Json(scale > 0 ? 1 / (scale * scale) : static_cast<double>(head)));
  const bool both_ways = keys.key("").starts_with("gemma-embedding");
  const bool causal = IG_TRY(keys.file().boolean_or(keys.key("attention.causal"), !both_ways));
  keys.put("use_bidirectional_attention", Json(!causal));
  IG_TRY(keys.copy_number("rope.freq_base", "rope_theta"));
  IG_TRY(keys.copy_number("rope.freq_base_swa", "rope_local_base_freq"));
  keys.put("layer_types", IG_TRY(layer_types(keys)));
  return keys.finish();
}

}  // namespace isogloss::nn
