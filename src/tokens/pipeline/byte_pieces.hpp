// SPDX-License-Identifier: Apache-2.0
// Byte fallback: a character without a piece becomes the pieces <0x00> ... <0xFF> of its bytes.
#pragma once

#include <string_view>
#include <vector>

#include "tokens/pipeline/byte_alphabet.hpp"
#include "tokens/pipeline/subword_model.hpp"

namespace isogloss::tokens {

// What the pieces of one character cover.
enum class ByteSpans : std::uint8_t {
  whole,         // each all of it, and of unknown neighbours as well: the Hugging Face library
  last,          // the last one its character, the others nothing in front of that: SentencePiece
  last_of_word,  // the same with whole words: SentencePiece's word models
};

class BytePieces {
 public:
  BytePieces() = default;  // no fallback
  explicit BytePieces(const Vocabulary& vocabulary, ByteSpans spans) : spans_(spans) {
    ids_.reserve(256);
    for (int byte = 0; byte < 256; ++byte) ids_.push_back(vocabulary.find(byte_piece(static_cast<char>(byte))));
  }

  // Appends the pieces of the bytes of `span`; false, and nothing appended, when one of them has none.
  bool spell(std::string_view text, Word span, Pieces& out) const {
    if (ids_.empty()) return false;
    const std::size_t before = out.size();
    for (std::uint32_t at = span.begin; at < span.end; ++at) {
      const std::uint32_t id = ids_[static_cast<unsigned char>(text[at])];
      if (id == PieceTable::kNone) {
        out.resize(before);
        return false;
      }
      out.push_back({id, span.begin, span.end});
    }
    if (spans_ != ByteSpans::whole) spread(text, span, std::span(out).subspan(before));
    return true;
  }

 private:
  void spread(std::string_view text, Word span, std::span<Piece> pieces) const {
    for (std::uint32_t at = span.begin; at < span.end;) {
      const bool whole = spans_ == ByteSpans::last_of_word;
      const std::uint32_t end = whole ? span.end : at + static_cast<std::uint32_t>(sequence_size(text[at]));
      for (std::uint32_t byte = at; byte < end; ++byte) {
        Piece& piece = pieces[byte - span.begin];
        piece.begin = at;
        piece.end = byte + 1 == end ? end : at;
      }
      at = end;
    }
  }

  std::vector<std::uint32_t> ids_;  // (256)
  ByteSpans spans_ = ByteSpans::whole;
};

}  // namespace isogloss::tokens
