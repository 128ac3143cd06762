// SPDX-License-Identifier: Apache-2.0
// WordPiece (Schuster and Nakajima 2012; as BERT reads it, Devlin et al. 2018): a word becomes the longest piece that
// it begins with, then the longest continuing piece that the rest begins with, and so on; a word that gets stuck is
// unknown.
#pragma once

#include <memory>
#include <string>

#include "tokens/pipeline/double_array.hpp"
#include "tokens/pipeline/subword_model.hpp"
#include "tokens/pipeline/word_table.hpp"

namespace isogloss::tokens {

struct WordPieceRules {
  std::string unknown = "[UNK]";
  std::string continuing_prefix = "##";
  std::size_t max_characters = 100;  // of a word; longer ones are unknown
};

class WordPiece final : public SubwordModel {
 public:
  // Error{corrupt_data}: the vocabulary lacks the unknown token.
  static Result<std::unique_ptr<WordPiece>> make(Vocabulary vocabulary, const WordPieceRules& rules);

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return unknown_; }
  const WordPieceRules& rules() const { return rules_; }

 private:
  WordPiece(Vocabulary vocabulary, const WordPieceRules& rules);
  void encode_rare(std::string_view text, Word word, Pieces& out) const;

  Vocabulary vocabulary_;
  WordPieceRules rules_;
  WordTable words_;         // every piece, as a whole word
  DoubleArray first_;       // every piece, as the beginning of a word
  DoubleArray continuing_;  // pieces with the prefix, without it
  std::uint32_t unknown_ = PieceTable::kNone;
};

}  // namespace isogloss::tokens
