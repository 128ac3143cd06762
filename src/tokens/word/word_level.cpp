// SPDX-License-Identifier: Apache-2.0
#include "tokens/word/word_level.hpp"

#include "core/text.hpp"

namespace isogloss::tokens {

Status WordLevel::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  for (const Word word : words) {
    const std::string_view bytes = text.substr(word.begin, word.end - word.begin);
    std::uint32_t id = vocabulary_.find(bytes);
    if (id == PieceTable::kNone) id = unknown_id_;
    if (id == PieceTable::kNone) {
      return fail(Code::unsupported, "the word '" + shortened(bytes, 60) + "' is not in the vocabulary and the unknown token '" +
                                         unknown_ + "' is not either. Add that token to the vocabulary.");
    }
    out.push_back({id, word.begin, word.end});
  }
  return {};
}

}  // namespace isogloss::tokens
