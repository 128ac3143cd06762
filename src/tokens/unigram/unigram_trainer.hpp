// SPDX-License-Identifier: Apache-2.0
// Learns the pieces and scores of a unigram language model from counted words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "tokens/train/word_counts.hpp"

namespace isogloss::tokens {

struct UnigramTraining {
  std::size_t vocabulary_size = 30000;      // special tokens included
  std::size_t seed_size = 1'000'000;        // pieces to start from
  std::size_t max_characters = 16;          // of a piece
  std::size_t rounds = 2;                   // of EM between two prunings
  double shrink = 0.75;                     // part of the pieces that a pruning leaves
  std::vector<std::string> special_tokens;  // take the first ids, with score 0
  std::u32string initial_alphabet;          // characters that are in whether they occur or not
};

using ScoredPieces = std::vector<std::pair<std::string, double>>;

// Pieces with their log probabilities by id: the special tokens, then by falling score. The steps are those of the
// Hugging Face library's trainer (tokenizers 0.23), and so are the pieces but for ties that rounding decides. Its order
// of pieces with equal scores varies with that of a hash map; this one's does not, not with the number of threads
// either. Error{invalid_argument}: special tokens and characters alone exceed the vocabulary.
Result<ScoredPieces> train_unigram(const WordCounts& words, const UnigramTraining& training, Context& context);

}  // namespace isogloss::tokens
