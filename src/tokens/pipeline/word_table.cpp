// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/word_table.hpp"

namespace isogloss::tokens {

void WordTable::fill(std::span<const std::pair<std::string, std::uint32_t>> words) {
  std::size_t count = 0;
  for (const auto& [word, id] : words) count += word.size() <= ShortWord::kMaxBytes ? 1 : 0;
  slots_.assign(count + count / 2 + 16, Slot{});
  long_ = {};
  for (const auto& [word, id] : words) {
    if (word.size() > ShortWord::kMaxBytes) {
      long_.insert(word, id);
      continue;
    }
    const Key wanted = key(word, word.data() + word.size());
    std::size_t at = place(wanted.hash);
    while (slots_[at].id != kNone && slots_[at].word != wanted.word) at = next(at);
    slots_[at] = {wanted.word, id};
  }
}

}  // namespace isogloss::tokens
