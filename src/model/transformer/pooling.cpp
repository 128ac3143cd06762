// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace isogloss::model {
namespace {

// sum over the tokens of weight(position) * row
template <class Weight>
void weighted_sum(const HiddenStates& states, std::span<float> out, Weight weight) {
  std::ranges::fill(out, 0.0F);
  for (std::size_t t = states.skip; t < states.tokens; ++t) {
    const float* const row = states.rows + t * states.stride;
    const float w = weight(t);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += w * row[i];
  }
}

void divide(std::span<float> out, float by) {
  for (float& x : out) x /= by;
}

void pool_one(Pooling mode, const HiddenStates& states, std::span<float> out) {
  const auto count = static_cast<float>(states.tokens - states.skip);
  switch (mode) {
    case Pooling::cls:
      std::copy_n(states.rows + states.skip * states.stride, out.size(), out.begin());
      return;
    case Pooling::last:
      std::copy_n(states.rows + (states.tokens - 1) * states.stride, out.size(), out.begin());
      return;
    case Pooling::max:
      std::ranges::fill(out, -std::numeric_limits<float>::infinity());
      for (std::size_t t = states.skip; t < states.tokens; ++t) {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::max(out[i], states.rows[t * states.stride + i]);
      }
      return;
    case Pooling::mean:
      weighted_sum(states, out, [](std::size_t) { return 1.0F; });
      return divide(out, count);
    case Pooling::mean_sqrt_len:
      weighted_sum(states, out, [](std::size_t) { return 1.0F; });
      return divide(out, std::sqrt(count));
    case Pooling::weighted_mean: {  // weights 1, 2, 3 ...; a skipped prompt keeps its numbers
      weighted_sum(states, out, [](std::size_t t) { return static_cast<float>(t + 1); });
      float sum = 0;
      for (std::size_t t = states.skip; t < states.tokens; ++t) sum += static_cast<float>(t + 1);
      return divide(out, sum);
    }
  }
}

}  // namespace

void pool(std::span<const Pooling> modes, const HiddenStates& states, std::span<float> out) {
  for (std::size_t m = 0; m < modes.size(); ++m) pool_one(modes[m], states, out.subspan(m * states.dim, states.dim));
}

void scale_to_length_one(std::span<float> x) {
  double squares = 0;
  for (const float v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  const auto factor = static_cast<float>(1.0 / std::max(std::sqrt(squares), 1e-12));
  for (float& v : x) v *= factor;
}

}  // namespace isogloss::model
