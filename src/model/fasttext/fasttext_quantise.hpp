// SPDX-License-Identifier: Apache-2.0
// A model with fewer rows, and those as codes: what a .ftz holds.
#pragma once

#include <cstddef>
#include <vector>

#include "formats/fasttext_file.hpp"
#include "isogloss/context.hpp"

namespace isogloss::model {

// Leaves the `cutoff` rows of largest length, the line's end always; of a word model the outputs of words that go, too.
// Nothing happens when there are no more. REQUIRES: dense matrices, nothing left out yet.
void prune_rows(formats::FasttextFile& file, std::size_t cutoff);

struct QuantiseOptions {
  std::size_t part = 2;  // columns of a part of a row
  bool norms = true;     // lengths of rows apart
  bool output = false;   // the output matrix, too
};

// Error{unsupported}: quantised already, or more codes than the format can count.
Status quantise_rows(formats::FasttextFile& file, const QuantiseOptions& options, Context& context);

}  // namespace isogloss::model
