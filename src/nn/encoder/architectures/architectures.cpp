// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/architectures/architectures.hpp"

#include <algorithm>
#include <string>

#include "nn/encoder/architectures/config_reader.hpp"

namespace isogloss::nn {

#define IG_ARCHITECTURES(X)                                                                                     \
  X("bert", bert)                                                                                               \
  X("camembert", roberta)                                                                                       \
  X("distilbert", distilbert)                                                                                   \
  X("gemma3_text", gemma3) X("gpt2", gpt2) X("gte", gte) X("llama", llama) X("mistral", llama)                  \
      X("modernbert", modernbert) X("mpnet", mpnet) X("new", gte) X("nomic_bert", nomic_bert) X("qwen2", qwen2) \
          X("qwen3", qwen3) X("roberta", roberta) X("xlm-roberta", roberta)

#define IG_DECLARE(type, function) Architecture function(ConfigReader& config);
IG_ARCHITECTURES(IG_DECLARE)

namespace {

struct Entry {
  std::string_view type;
  Architecture (*make)(ConfigReader& config);
};
#define IG_ENTRY(type, function) {type, function},
constexpr Entry kEntries[] = {IG_ARCHITECTURES(IG_ENTRY)};

std::string list_of_types() {
  std::string out;
  for (const std::string_view type : known_architectures()) out += (out.empty() ? "" : ", ") + std::string(type);
  return out;
}

// Tables of angles have a row for every position, so that a file that promises millions is not believed.
constexpr std::size_t kMostTokens = std::size_t{1} << 17;

// What an angle is computed from.
bool is_sound(const Rotary& r) {
  const auto is_positive = [](double x) { return x > 0 && x < 1e12; };
  if (!is_positive(r.theta) || !is_positive(r.factor)) return false;
  return !r.by_wave_length || (is_positive(r.low_factor) && is_positive(r.original_positions) &&
                               is_positive(r.high_factor) && r.high_factor > r.low_factor);
}

// What every architecture must satisfy for the encoder to run it.
Status check(const EncoderConfig& c, std::string_view where) {
  const auto complain = [&](std::string message) {
    return fail(Code::corrupt_data, std::string(where) + ": " + message);
  };
  if (c.max_tokens == 0) return complain("the positions allow no token.");
  if (!(c.norm_eps >= 0 && c.norm_eps < 1)) return complain("what is added to variances is no number from 0 to 1.");
  if (!(c.attention_scale >= 0 && c.attention_scale < 1e6F))
    return complain("the scale of attention scores is no number above 0.");
  // A quarter of them is exact, the others reach from there to relative_distance by logarithm.
  if (c.relative_buckets != 0 && (c.relative_buckets < 4 || c.relative_buckets >= 4 * c.relative_distance)) {
    return complain("there are " + std::to_string(c.relative_buckets) + " buckets of relative positions; 4 to " +
                    std::to_string(4 * c.relative_distance - 1) + " can be.");
  }
  if (c.heads == 0 || c.kv_heads == 0 || c.head_dim == 0)
    return complain("the number or size of attention heads is 0.");
  if (c.heads % c.kv_heads != 0) {
    return complain(std::to_string(c.heads) + " query heads cannot share " + std::to_string(c.kv_heads) +
                    " key heads.");
  }
  if (c.head_dim % 2 != 0) return complain("the head size " + std::to_string(c.head_dim) + " is odd.");
  for (const Rotary& r : c.rotary) {
    if (r.dims % 2 != 0 || r.dims > c.head_dim)
      return complain("rotary positions turn more than a head, or half a pair.");
    if (!is_sound(r)) return complain("the numbers that rotary positions are computed from are not above 0.");
  }
  if (!c.reach.empty() && c.reach.size() != c.layers)
    return complain("the kinds of layers are not as many as the layers.");
  if (c.position_offset >= c.positions && c.positions != 0) {
    return complain("the table of " + std::to_string(c.positions) + " positions ends before the first one used, " +
                    std::to_string(c.position_offset) + ".");
  }
  return {};
}

}  // namespace

std::vector<std::string_view> known_architectures() {
  std::vector<std::string_view> types;
  for (const Entry& entry : kEntries) types.push_back(entry.type);
  std::ranges::sort(types);
  return types;
}

Result<Architecture> architecture_of(const Json& config, std::string_view where) {
  const std::string_view type = config["model_type"].as_string();
  for (const Entry& entry : kEntries) {
    if (entry.type != type) continue;
    ConfigReader reader(config, where);
    Architecture architecture = entry.make(reader);
    IG_TRY(reader.status());
    architecture.config.architecture = type;
    architecture.config.max_tokens = std::min(architecture.config.max_tokens, kMostTokens);
    IG_TRY(check(architecture.config, where));
    return architecture;
  }
  return fail(Code::unsupported, std::string(where) + ": \"model_type\" is '" + std::string(type) +
                                     "'; the architectures known here are " + list_of_types() + ".");
}

}  // namespace isogloss::nn
