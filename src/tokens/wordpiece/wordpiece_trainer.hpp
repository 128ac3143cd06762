// SPDX-License-Identifier: Apache-2.0
// Learns a WordPiece vocabulary from counted words.
#pragma once

#include <string>
#include <vector>

#include "tokens/bpe/bpe_trainer.hpp"

namespace isogloss::tokens {

// Pieces by id. As the Hugging Face library (tokenizers 0.23) does it: byte-pair encoding in which the characters inside a
// word carry the prefix, without its merges. Reading takes the longest piece instead of the earliest merge, so rare
// pieces of a merge chain stay in use. `training.continuing_prefix` is set here.
Result<std::vector<std::string>> train_wordpiece(const WordCounts& words, BpeTraining training, Context& context);

}  // namespace isogloss::tokens
