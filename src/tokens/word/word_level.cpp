// SPDX-License-Identifier: Apache-2.0
#include "tokens/word/word_level.hpp"

#include "core/text.hpp"

namespace isogloss::tokens {

WordLevel::WordLevel(Vocabulary vocabulary, const WordLevelRules& rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules), unknown_id_(vocabulary_.find(rules.unknown)) {
  if (rules_.byte_fallback) bytes_ = BytePieces(vocabulary_, ByteSpans::last_of_word);
}

Status WordLevel::emit_unknown(std::string_view text, Word word, Pieces& out) const {
  if (bytes_.spell(text, word, out)) return {};
  if (unknown_id_ == PieceTable::kNone) {
    const std::string_view bytes = text.substr(word.begin, word.end - word.begin);
    return fail(Code::unsupported, "the word '" + shortened(bytes, 60) +
                                       "' is not in the vocabulary and the unknown token '" + rules_.unknown +
                                       "' is not either. Add that token to the vocabulary.");
  }
  if (rules_.fuse_unknown && !out.empty() && out.back().id == unknown_id_ && out.back().end == word.begin) {
    out.back().end = word.end;
  } else {
    out.push_back({unknown_id_, word.begin, word.end});
  }
  return {};
}

Status WordLevel::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  for (const Word word : words) {
    const std::uint32_t id = vocabulary_.find(text.substr(word.begin, word.end - word.begin));
    if (id != PieceTable::kNone && is_found(rules_.kinds, id)) {
      out.push_back({id, word.begin, word.end});
    } else {
      IG_TRY(emit_unknown(text, word, out));
    }
  }
  return {};
}

}  // namespace isogloss::tokens
