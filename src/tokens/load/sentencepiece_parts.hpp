// SPDX-License-Identifier: Apache-2.0
// What a SentencePiece model says, whatever file it came from (its own protobuf, GGUF), and the tokenizer made of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokens/normalize/sentencepiece.hpp"
#include "tokens/pipeline/pipeline_tokenizer.hpp"

namespace isogloss::tokens {

// The numbers are those of sentencepiece_model.proto.
enum class SentencePieceType : std::uint8_t { normal = 1, unknown, control, user_defined, unused, byte };
enum class SentencePieceModel : std::uint8_t { unigram = 1, bpe, word, character };

struct SentencePieceFile {
  Vocabulary vocabulary;
  std::vector<double> scores;            // by id
  std::vector<SentencePieceType> types;  // by id
  SentencePieceModel model = SentencePieceModel::unigram;
  std::uint32_t unknown = PieceTable::kNone;
  std::string unknown_surface = " \xE2\x81\x87 ";
  bool byte_fallback = false;
  // Control pieces are found in text and shown by decode(), as the Hugging Face library and llama.cpp have it;
  // SentencePiece itself does neither.
  bool control_in_text = false;
  SentencePieceRules rules;
  Charsmap charsmap;

  // REQUIRES: pieces come in the order of their ids.
  void add(std::string_view piece, double score, SentencePieceType type);
};

// Error{corrupt_data}: the model lacks what it needs. REQUIRES: file.unknown is one of its pieces.
Result<TokenizerParts> sentencepiece_parts(SentencePieceFile file, std::string_view where);

}  // namespace isogloss::tokens
