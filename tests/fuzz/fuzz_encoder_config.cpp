// SPDX-License-Identifier: Apache-2.0
// A config.json of any content: an error that names the file, or an architecture whose numbers an encoder can run on.
#include <cmath>

#include "fuzz.hpp"

#include "nn/encoder/architectures/architectures.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto config = Json::parse(fuzz::text_of(data, size), "input");
  if (!config) return 0;
  const auto architecture = nn::architecture_of(*config, "input");
  if (!architecture) {
    fuzz::require(architecture.error().message.starts_with("input: "), "an error names the file");
    return 0;
  }
  const nn::EncoderConfig& c = architecture->config;
  fuzz::require(c.layers > 0 && c.layers <= 1024 && c.hidden > 0 && c.inner > 0 && c.vocabulary > 0, "sizes are there");
  fuzz::require(c.heads > 0 && c.kv_heads > 0 && c.heads % c.kv_heads == 0 && c.head_dim > 0 && c.head_dim % 2 == 0,
                "heads divide");
  fuzz::require(c.max_tokens > 0 && c.max_tokens <= 1 << 17, "tables of positions have an end");
  fuzz::require(std::isfinite(c.norm_eps) && c.norm_eps >= 0 && std::isfinite(c.attention_scale), "numbers are finite");
  fuzz::require(c.reach.empty() || c.reach.size() == c.layers, "every layer has a reach");
  for (const nn::LayerReach& reach : c.reach) {
    fuzz::require(c.rotary.empty() || reach.rotary < c.rotary.size(), "a reach has its angles");
  }
  for (const nn::Rotary& r : c.rotary) {
    fuzz::require(r.dims % 2 == 0 && r.dims <= c.head_dim && r.theta > 0 && r.factor > 0, "angles can be computed");
  }
  return 0;
}
