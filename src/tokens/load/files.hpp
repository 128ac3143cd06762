// SPDX-License-Identifier: Apache-2.0
// The other files that hold a tokenizer. Each function takes the bytes and the name for errors.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tokens/pipeline/pipeline_tokenizer.hpp"

namespace isogloss::tokens {

// A bare vocab.txt of BERT: one piece a line, its id the number of the line.
struct BertVocabularyRead {
  TokenizerParts parts;
  bool lower_case = false;  // what was decided
};
Result<BertVocabularyRead> read_bert_vocabulary(std::string_view text, TokenizerOptions::LowerCase lower_case,
                                                std::string_view where);

// vocab.json or encoder.json with merges.txt or vocab.bpe: byte-level BPE of GPT-2 and RoBERTa. RoBERTa is told by its
// <s> and </s> pieces, which it puts around a text.
Result<TokenizerParts> read_vocabulary_and_merges(std::string_view vocabulary_json, std::string_view merges,
                                                  std::string_view where);

// A rank file of tiktoken: base64 of a piece, blank, rank. Pattern and special tokens are told by the number of ranks
// (r50k, p50k, cl100k, o200k). Error{unsupported}: none of these.
Result<TokenizerParts> read_tiktoken_ranks(std::string_view text, std::string_view where);

// A SentencePiece model (protobuf): Unigram, BPE, word or character models.
Result<TokenizerParts> read_sentencepiece(std::string_view bytes, std::string_view where);

// The dictionary of a fastText model.
Result<TokenizerPtr> read_fasttext_dictionary(std::string_view bytes, std::string_view where);

}  // namespace isogloss::tokens
