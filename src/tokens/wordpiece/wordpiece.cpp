// SPDX-License-Identifier: Apache-2.0
// Most words of ordinary text are pieces themselves: one hash look-up. The others walk down a trie, once per piece.
// (Song et al. 2021, "Fast WordPiece Tokenization", never looks at a byte twice; it was not tried here.)
#include "tokens/wordpiece/wordpiece.hpp"

#include "core/utf8.hpp"

namespace isogloss::tokens {

Result<std::unique_ptr<WordPiece>> WordPiece::make(Vocabulary vocabulary, const WordPieceRules& rules) {
  if (vocabulary.find(rules.unknown) == PieceTable::kNone) {
    return fail(Code::corrupt_data, "the vocabulary lacks its unknown token '" + rules.unknown +
                                        "'. Add it, or name the right one as unk_token.");
  }
  return std::unique_ptr<WordPiece>(new WordPiece(std::move(vocabulary), rules));
}

WordPiece::WordPiece(Vocabulary vocabulary, const WordPieceRules& rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules), unknown_(vocabulary_.find(rules.unknown)) {
  std::vector<std::pair<std::string_view, std::uint32_t>> first;
  std::vector<std::pair<std::string_view, std::uint32_t>> continuing;
  std::vector<std::pair<std::string, std::uint32_t>> words;
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id)) continue;
    const std::string_view piece = vocabulary_.piece(id);
    first.emplace_back(piece, id);
    if (!piece.empty()) words.emplace_back(piece, id);
    if (piece.starts_with(rules_.continuing_prefix)) {
      continuing.emplace_back(piece.substr(rules_.continuing_prefix.size()), id);
    }
  }
  words_.fill(words);
  first_ = DoubleArray(std::move(first));
  continuing_ = DoubleArray(std::move(continuing));
}

void WordPiece::encode_rare(std::string_view text, Word word, Pieces& out) const {
  const std::size_t before = out.size();
  const DoubleArray* trie = &first_;
  for (std::uint32_t begin = word.begin; begin < word.end;) {
    std::uint32_t found = PieceTable::kNone;
    std::uint32_t end = begin;
    if (!trie->empty()) {
      DoubleArray::Cursor cursor(*trie);
      for (std::uint32_t at = begin; at < word.end && cursor.step(text[at]); ++at) {
        if (!cursor.has_value()) continue;
        found = cursor.value();
        end = at + 1;
      }
    }
    if (found == PieceTable::kNone) {
      out.resize(before);
      out.push_back({unknown_, word.begin, word.end});
      return;
    }
    out.push_back({found, begin, end});
    begin = end;
    trie = &continuing_;
  }
}

Status WordPiece::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  words_.find_each(text, words, [&](Word word, std::string_view bytes, std::uint32_t id) {
    if (bytes.size() > rules_.max_characters && utf8_count(bytes) > rules_.max_characters) {
      out.push_back({unknown_, word.begin, word.end});
    } else if (id != WordTable::kNone) {
      out.push_back({id, word.begin, word.end});
    } else {
      encode_rare(text, word, out);
    }
  });
  return {};
}

}  // namespace isogloss::tokens
