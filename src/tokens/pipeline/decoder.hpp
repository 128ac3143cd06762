// SPDX-License-Identifier: Apache-2.0
// From pieces back to text: the decoders of tokenizer.json.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// Rewrites the list of pieces; at the end they are joined. Only a regular expression can fail (Regex::each_match).
// Immutable and thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual Status apply(std::vector<std::string>& pieces) const = 0;
};
using DecoderPtr = std::unique_ptr<const Decoder>;

DecoderPtr byte_level_decoder();
DecoderPtr wordpiece_decoder(std::string prefix, bool cleanup);
DecoderPtr metaspace_decoder(char32_t replacement, PrefixScheme scheme);
DecoderPtr bpe_decoder(std::string suffix);
DecoderPtr byte_fallback_decoder();
DecoderPtr fuse_decoder();
DecoderPtr strip_decoder(char32_t content, std::size_t start, std::size_t stop);
DecoderPtr ctc_decoder(std::string pad, std::string word_delimiter, bool cleanup);
DecoderPtr replace_decoder(std::string literal, std::string by);
Result<DecoderPtr> replace_regex_decoder(std::string_view pattern, std::string by, std::string_view owner);
DecoderPtr decoder_sequence(std::vector<DecoderPtr> decoders);
// SentencePiece's own: marks become blanks, those that normalisation put in front go, control pieces vanish, byte
// pieces become characters.
struct SentencePieceDecoding {
  bool strip_marks = true;      // at the start of the text: a dummy prefix was added or extra blanks were removed
  bool strip_all_marks = true;  // not only the first
  std::string unknown;          // the unknown piece ...
  std::string unknown_surface;  // ... and what is written for it
  std::vector<std::string> silent;
};
DecoderPtr sentencepiece_decoder(SentencePieceDecoding rules);

// " ." -> "." and the like, as BERT's decoders do.
std::string clean_up_spaces(std::string_view text);

}  // namespace isogloss::tokens
