// SPDX-License-Identifier: Apache-2.0
// What the subword models have in common: words in, numbered pieces out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"
#include "tokens/pipeline/vocabulary.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

struct Piece {
  std::uint32_t id;
  std::uint32_t begin;  // bytes of the text that the words are cut from
  std::uint32_t end;
};
using Pieces = std::vector<Piece>;

// What a piece is to a model.
enum class PieceKind : std::uint8_t {
  normal,
  user,       // SentencePiece: always wins over normal pieces of the same text
  unused,     // SentencePiece: never in the result, but merges may pass through it
  unmatched,  // never found in text: control and byte pieces of SentencePiece
};
// Whether a piece may be in the result.
inline bool is_found(const std::vector<PieceKind>& kinds, std::uint32_t id) {
  return id >= kinds.size() || kinds[id] == PieceKind::normal || kinds[id] == PieceKind::user;
}

enum class MarkCovers : std::uint8_t { first_character, nothing };

// A vocabulary with the rule that cuts a word into its pieces. Immutable and thread-safe.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;
  // Appends the pieces of each word of `text`, in order. Error{unsupported}: a word has no pieces and the vocabulary no
  // unknown token.
  virtual Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const = 0;
  // Whether encode_unwritten() works: the model reads words that begin with a U+2581 one by one.
  virtual bool takes_unwritten() const { return false; }
  // The same for words whose mark is not in the text (Splitter::apply_unwritten). A mark that neither the text nor a
  // blank stands for covers the word's first character, or nothing in front of it, as `covers` says.
  virtual Status encode_unwritten(std::string_view, std::span<const Word>, MarkCovers, Pieces&) const { return {}; }
  virtual const Vocabulary& vocabulary() const = 0;
  // The token for what the vocabulary cannot spell; PieceTable::kNone = it has none.
  virtual std::uint32_t unknown_id() const = 0;
};

}  // namespace isogloss::tokens
