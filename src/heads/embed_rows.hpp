// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "heads/features.hpp"
#include "isogloss/model.hpp"

namespace isogloss::heads {

struct EmbeddedRows {
  Features rows;             // (inputs)
  std::size_t distinct = 0;  // different texts, each embedded once
  std::size_t cut = 0;       // of those, above the model's window
  std::size_t tokens = 0;
};

// The rows of many texts, block by block with progress. Error: that of the first text that failed.
Result<EmbeddedRows> embed_rows(const Embedder& embedder, std::span<const Input> inputs, const EmbedOptions& options,
                                Context& context);

// The rows of texts that a head is made from: what is above the model's window is cut at the end, and a warning says
// how many were. Error{unsupported}: the model gives no vectors for texts.
Result<Features> embed_texts(const Model& model, std::span<const std::string> texts, Context& context);

}  // namespace isogloss::heads
