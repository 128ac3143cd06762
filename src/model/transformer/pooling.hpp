// SPDX-License-Identifier: Apache-2.0
// Token vectors of a sequence to one vector.
#pragma once

#include <cstddef>
#include <span>

#include "model/transformer/sentence_modules.hpp"

namespace isogloss::model {

// Hidden states of one sequence: (tokens, stride), `dim` of each row used.
struct HiddenStates {
  const float* rows = nullptr;
  std::size_t stride = 0;
  std::size_t tokens = 0;
  std::size_t dim = 0;
  std::size_t skip = 0;  // tokens at the start that do not count (a prompt); below `tokens`
};

// The results of all modes, one after another, in out: (modes.size() * dim). Sums go over the tokens in order, in f32.
void pool(std::span<const Pooling> modes, const HiddenStates& states, std::span<float> out);

// x / max(|x|, 1e-12), as torch.nn.functional.normalize.
void scale_to_length_one(std::span<float> x);

}  // namespace isogloss::model
