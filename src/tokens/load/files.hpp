// SPDX-License-Identifier: Apache-2.0
// The other files that hold a tokenizer. Each function takes the bytes and the name for errors.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "formats/gguf.hpp"
#include "tokens/pipeline/pipeline_tokenizer.hpp"

namespace isogloss::tokens {

// A bare vocab.txt of BERT: one piece a line, its id the number of the line.
struct BertVocabularyRead {
  TokenizerParts parts;
  bool lower_case = false;  // what was decided
};
// "FILE has no upper-case piece: ..."
std::string lower_case_note(std::string_view where, bool lower_case);
Result<BertVocabularyRead> read_bert_vocabulary(std::string_view text, TokenizerOptions::LowerCase lower_case,
                                                std::string_view where);

// The same from pieces of another file.
struct BertPieces {
  Vocabulary vocabulary;
  std::vector<std::uint32_t> special;     // ids; stand in text for themselves
  std::uint32_t cls = PieceTable::kNone;  // in front of a text
  std::uint32_t sep = PieceTable::kNone;  // and behind it
  std::string unknown = "[UNK]";
};
Result<BertVocabularyRead> bert_parts(BertPieces pieces, TokenizerOptions::LowerCase lower_case,
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

// The vocabulary inside a GGUF file. Error{not_found}: it has none. Error{unsupported}: it does not say all that is
// needed (tokenizer.ggml.pre), or something unknown here. `context` hears what was decided about case.
Result<TokenizerParts> read_gguf_vocabulary(const formats::Gguf& file, TokenizerOptions::LowerCase lower_case,
                                            Context& context);

// The dictionary of a fastText model.
Result<TokenizerPtr> read_fasttext_dictionary(std::string_view bytes, std::string_view where);

}  // namespace isogloss::tokens
