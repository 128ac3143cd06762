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

// A vocabulary with the rule that cuts a word into its pieces. Immutable and thread-safe.
class SubwordModel {
 public:
  virtual ~SubwordModel() = default;
  // Appends the pieces of each word of `text`, in order. Error{unsupported}: a word has no pieces and the vocabulary no
  // unknown token.
  virtual Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  // The token for what the vocabulary cannot spell; PieceTable::kNone = it has none.
  virtual std::uint32_t unknown_id() const = 0;
};

}  // namespace isogloss::tokens
