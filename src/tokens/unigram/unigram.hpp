// SPDX-License-Identifier: Apache-2.0
// Unigram language model (Kudo 2018): of all ways to cut a word into pieces, the one with the highest sum of scores.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokens/pipeline/byte_pieces.hpp"
#include "tokens/pipeline/double_array.hpp"
#include "tokens/pipeline/subword_model.hpp"
#include "tokens/pipeline/word_table.hpp"

namespace isogloss::tokens {

// Sums are kept in the type the reference keeps them in, because ties and near-ties are decided by its rounding.
enum class ScoreType : std::uint8_t {
  f64,  // the Hugging Face library: each word on its own
  f32,  // SentencePiece: the sum runs through the whole text
};

struct UnigramRules {
  std::uint32_t unknown = PieceTable::kNone;  // id for characters without a piece; fused with its neighbours
  bool byte_fallback = false;                 // an unknown character becomes pieces <0x00> ... <0xFF>
  ScoreType score_type = ScoreType::f64;
};

class Unigram final : public SubwordModel {
 public:
  // `scores`, `kinds`: by id; `kinds` may be empty (all normal).
  Unigram(Vocabulary vocabulary, std::vector<double> scores, const std::vector<PieceKind>& kinds,
          const UnigramRules& rules);

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  bool takes_unwritten() const override { return words_alone_; }
  Status encode_unwritten(std::string_view text, std::span<const Word> words, MarkCovers covers,
                          Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return rules_.unknown; }
  const std::vector<double>& scores() const { return scores_; }
  bool byte_fallback() const { return rules_.byte_fallback; }

 private:
  template <class Score>
  class Search;
  template <class Score>
  class MarkedWords;
  template <class Score>
  Status encode_as(std::string_view text, std::span<const Word> words, Pieces& out) const;
  void emit_unknown(std::string_view text, Word span, Pieces& out) const;

  void index_words(const std::vector<PieceKind>& kinds);

  Vocabulary vocabulary_;
  std::vector<double> scores_;
  UnigramRules rules_;
  DoubleArray trie_;
  PieceTable words_;     // words that are best left whole, whatever stands before them
  WordTable bodies_;     // those of them that begin with a U+2581, without it
  std::uint32_t owner_;  // of remembered words
  std::uint32_t body_owner_;
  bool words_alone_ = false;  // words with a mark in front are read alike whatever stands before them
  bool marks_lead_ = false;   // no piece has a U+2581 but in front: words can be searched one by one
  double unknown_score_ = 0;
  BytePieces bytes_;
};

}  // namespace isogloss::tokens
