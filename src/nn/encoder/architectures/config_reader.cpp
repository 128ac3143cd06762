// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/architectures/config_reader.hpp"

#include <utility>

namespace isogloss::nn {

const Json* ConfigReader::find(Keys keys) const {
  for (const std::string_view key : keys) {
    const Json* const value = json_.find(key);
    if (value != nullptr && !value->is_null()) return value;
  }
  return nullptr;
}

void ConfigReader::complain(std::string message) {
  if (!problem_) problem_ = std::move(message);
}

void ConfigReader::refuse(std::string what) {
  if (!problem_) code_ = Code::unsupported;
  complain(std::move(what));
}

Status ConfigReader::status() const {
  if (!problem_) return {};
  return fail(code_, where_ + ": " + *problem_);
}

std::size_t ConfigReader::count(Keys keys, std::size_t fallback, std::size_t most) {
  const Json* const value = find(keys);
  if (value == nullptr) return fallback;
  const std::int64_t n = value->as_integer(-1);
  if (n >= 0 && static_cast<std::uint64_t>(n) <= most) return static_cast<std::size_t>(n);
  complain("'" + std::string(*keys.begin()) + "' is " + value->as_text() + "; a whole number from 0 to " +
           std::to_string(most) + " belongs there.");
  return fallback;
}

std::size_t ConfigReader::required(Keys keys, std::size_t most) {
  const std::size_t n = count(keys, 0, most);
  if (n == 0) complain("'" + std::string(*keys.begin()) + "' is missing or 0.");
  return n;
}

double ConfigReader::number(Keys keys, double fallback) const {
  const Json* const value = find(keys);
  return value == nullptr ? fallback : value->as_number(fallback);
}

bool ConfigReader::flag(Keys keys, bool fallback) const {
  const Json* const value = find(keys);
  return value == nullptr ? fallback : value->as_bool(fallback);
}

std::string ConfigReader::text(Keys keys, std::string_view fallback) const {
  const Json* const value = find(keys);
  return std::string(value == nullptr ? fallback : value->as_string(fallback));
}

Activation ConfigReader::activation(Keys keys, std::string_view fallback) {
  const std::string name = text(keys, fallback);
  constexpr std::pair<std::string_view, Activation> kKnown[] = {
      {"gelu", Activation::gelu},
      {"gelu_python", Activation::gelu},
      {"gelu_new", Activation::gelu_tanh},
      {"gelu_pytorch_tanh", Activation::gelu_tanh},
      {"gelu_fast", Activation::gelu_tanh},
      {"gelu_tanh", Activation::gelu_tanh},
      {"quick_gelu", Activation::quick_gelu},
      {"silu", Activation::silu},
      {"swish", Activation::silu},
      {"swiglu", Activation::silu},
      {"geglu", Activation::gelu},
      {"relu", Activation::relu},
  };
  for (const auto& [known, activation] : kKnown) {
    if (name == known) return activation;
  }
  refuse("the activation '" + name +
         "' is not known here (gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, silu, relu "
         "are).");
  return Activation::gelu;
}

EncoderConfig ConfigReader::dimensions(std::size_t (*inner)(std::size_t hidden)) {
  EncoderConfig c;
  c.vocabulary = required({"vocab_size"});
  c.layers = required({"num_hidden_layers", "n_layers", "n_layer"}, 1024);
  c.hidden = required({"hidden_size", "dim", "n_embd"});
  c.heads = required({"num_attention_heads", "n_heads", "n_head"}, 4096);
  c.kv_heads = count({"num_key_value_heads"}, c.heads, 4096);
  c.head_dim = count({"head_dim"}, c.heads == 0 ? 0 : c.hidden / c.heads);
  const Keys inner_keys = {"intermediate_size", "hidden_dim", "n_inner"};
  c.inner = inner == nullptr ? required(inner_keys) : count(inner_keys, inner(c.hidden));
  return c;
}

Rotary ConfigReader::rotary(std::size_t dims, double theta, std::string_view section) {
  Rotary r;
  r.dims = dims;
  r.theta = theta;
  const Json* values = find({"rope_parameters", "rope_scaling"});
  if (values != nullptr && !section.empty() && values->find(section) != nullptr) values = values->find(section);
  if (values == nullptr || !values->is_object()) return r;
  const Json& v = *values;
  r.theta = v["rope_theta"].as_number(r.theta);
  const std::string_view type = v["rope_type"].as_string(v["type"].as_string("default"));
  if (type == "default") return r;
  r.factor = v["factor"].as_number(1);
  if (type == "linear") return r;
  if (type == "llama3") {
    r.by_wave_length = true;
    r.low_factor = v["low_freq_factor"].as_number(1);
    r.high_factor = v["high_freq_factor"].as_number(4);
    r.original_positions = v["original_max_position_embeddings"].as_number(8192);
    return r;
  }
  refuse("rotary positions of type '" + std::string(type) + "' are not known here (default, linear and llama3 are).");
  return r;
}

std::vector<bool> ConfigReader::layers_that_see_all(std::size_t layers, std::size_t every, std::size_t first) const {
  std::vector<bool> all(layers);
  const Json* const types = find({"layer_types"});
  for (std::size_t i = 0; i < layers; ++i) all[i] = every != 0 && i % every == first % every;
  if (types == nullptr) return all;
  const auto list = types->as_array();
  for (std::size_t i = 0; i < layers && i < list.size(); ++i) all[i] = list[i].as_string() == "full_attention";
  return all;
}

}  // namespace isogloss::nn
