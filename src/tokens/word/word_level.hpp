// SPDX-License-Identifier: Apache-2.0
// WordLevel: every word is a piece, or unknown.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokens/pipeline/byte_pieces.hpp"
#include "tokens/pipeline/subword_model.hpp"

namespace isogloss::tokens {

struct WordLevelRules {
  std::string unknown;           // token for what is no piece
  std::vector<PieceKind> kinds;  // by id; empty = all normal
  bool fuse_unknown = false;     // neighbouring unknown words become one piece
  bool byte_fallback = false;    // an unknown word becomes pieces <0x00> ... <0xFF> with ByteSpans::last
};

class WordLevel final : public SubwordModel {
 public:
  WordLevel(Vocabulary vocabulary, const WordLevelRules& rules);

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return unknown_id_; }
  const std::string& unknown() const { return rules_.unknown; }

 private:
  Status emit_unknown(std::string_view text, Word word, Pieces& out) const;

  Vocabulary vocabulary_;
  WordLevelRules rules_;
  std::uint32_t unknown_id_;
  BytePieces bytes_;
};

}  // namespace isogloss::tokens
