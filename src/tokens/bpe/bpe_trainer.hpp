// SPDX-License-Identifier: Apache-2.0
// Learns the merges of byte-pair encoding from counted words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "tokens/train/word_counts.hpp"

namespace isogloss::tokens {

struct BpeTraining {
  std::size_t vocabulary_size = 30000;
  std::uint64_t min_frequency = 2;         // a pair that is rarer is not merged
  std::size_t limit_alphabet = 0;          // so many characters at most, the most frequent ones; 0 = all
  std::size_t max_characters = 1000;       // of a piece that a merge makes; up to 1,000, what a file may hold
  std::vector<std::string> special_tokens;  // take the first ids
  std::u32string initial_alphabet;         // characters that are in whether they occur or not
  std::string continuing_prefix;           // in front of every character but a word's first: "##"
};

struct TrainedBpe {
  std::vector<std::string> pieces;                              // by id
  std::vector<std::pair<std::uint32_t, std::uint32_t>> merges;  // ids, by rank
};

// The same vocabulary and merges as the trainer of the Hugging Face library (tokenizers 0.23), where that one does not
// depend on the order of a hash map: special tokens, the alphabet by code point, then the most frequent pair again and
// again, of equal ones that with the smaller ids. With a continuing prefix the library numbers the continuing characters
// as they come out of its map; here they follow the alphabet, by code point too.
// Error{invalid_argument}: special tokens and alphabet alone exceed the vocabulary.
Result<TrainedBpe> train_bpe(const WordCounts& words, const BpeTraining& training, Context& context);

}  // namespace isogloss::tokens
