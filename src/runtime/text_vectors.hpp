// SPDX-License-Identifier: Apache-2.0
// Vectors of passages: each alone, or each read with what stands around it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "isogloss/input.hpp"
#include "isogloss/model.hpp"

namespace isogloss::runtime {

// (texts, dimension) dense f32. What is longer than the window is cut at its end, and the log says so.
Result<Vectors> embed_texts(const Model& model, std::span<const std::string> texts, Role role, Context& context);

// The model gives vectors of tokens in the space of its texts, whose mean is the vector of a passage.
bool can_embed_late(const Model& model);

// A passage of a longer text.
struct LatePassage {
  std::size_t text = 0;  // which of the texts
  Span at;               // within it
};

// Late chunking (Guenther et al. 2024, arXiv 2409.04701): each text is read once and whole, and the vector of a passage
// is the mean of those of its tokens, special tokens and the prompt left out, made of length 1 where the model's are.
// (passages, dimension). REQUIRES: can_embed_late(model), the passages are ascending by text.
Result<Vectors> embed_late(const Model& model, std::span<const std::string> texts,
                           std::span<const LatePassage> passages, Context& context);

}  // namespace isogloss::runtime
