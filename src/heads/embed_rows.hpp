// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

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

}  // namespace isogloss::heads
