// SPDX-License-Identifier: Apache-2.0
// Makes a vocabulary of whole words from counted words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tokens/train/word_counts.hpp"

namespace isogloss::tokens {

struct WordTraining {
  std::size_t vocabulary_size = 30000;  // special tokens included
  std::uint64_t min_frequency = 2;      // rarer words are left out
  std::vector<std::string> special_tokens;
};

// Words by id: the special tokens, then by falling count, equal ones by their bytes: the order of the Hugging Face
// library's WordLevelTrainer (tokenizers 0.23).
std::vector<std::string> train_words(const WordCounts& words, const WordTraining& training);

}  // namespace isogloss::tokens
