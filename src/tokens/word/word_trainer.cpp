// SPDX-License-Identifier: Apache-2.0
#include "tokens/word/word_trainer.hpp"

#include <algorithm>

#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {

std::vector<std::string> train_words(const WordCounts& words, const WordTraining& training) {
  std::vector<std::string> out = training.special_tokens;
  for (const std::uint32_t w : words.ranked()) {
    if (out.size() >= training.vocabulary_size || words.count(w) < training.min_frequency) break;
    const bool is_special = std::ranges::find(training.special_tokens, words.word(w)) != training.special_tokens.end();
    if (!is_special && words.word(w).size() <= kMaxPieceBytes) out.emplace_back(words.word(w));
  }
  return out;
}

}  // namespace isogloss::tokens
