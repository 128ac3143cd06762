// SPDX-License-Identifier: Apache-2.0
// The one Tokenizer: normalise, split, cut into pieces, add special tokens. What differs between tokenizers is the
// parts it is made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "isogloss/tokens.hpp"
#include "tokens/normalize/normalizer.hpp"
#include "tokens/pipeline/added_tokens.hpp"
#include "tokens/pipeline/decoder.hpp"
#include "tokens/pipeline/subword_model.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// What stands around the texts of a sequence.
struct TemplateItem {
  enum class Kind : std::uint8_t { special, first, second };
  Kind kind = Kind::special;
  std::vector<std::uint32_t> ids;  // of Kind::special
  std::uint8_t type_id = 0;
};

struct SequenceRules {
  std::vector<TemplateItem> single;  // empty = the text alone
  std::vector<TemplateItem> pair;    // empty = both texts, type ids 0 and 1
  bool trim_offsets = false;         // blanks at the ends of a piece do not count to its offsets
  bool prefix_blank = false;         // ... but a blank that was put in front of the text was never there
};

struct TokenizerParts {
  std::string type;
  NormalizerChain normalizer;
  std::vector<SplitterPtr> splitters;
  std::unique_ptr<const SubwordModel> model;
  std::vector<AddedToken> added;
  SequenceRules sequence;
  DecoderPtr decoder;  // null = pieces with blanks between them
};

class PipelineTokenizer final : public Tokenizer {
 public:
  explicit PipelineTokenizer(TokenizerParts parts);

  Status encode(std::string_view text, const EncodeOptions& options, Tokens& out) const override;
  Status encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                     Tokens& out) const override;
  Result<std::string> decode(std::span<const std::uint32_t> ids, const DecodeOptions& options) const override;
  std::size_t vocabulary_size() const override { return size_; }
  std::string_view piece(std::uint32_t id) const override;
  std::optional<std::uint32_t> find_piece(std::string_view piece) const override;
  std::optional<std::uint32_t> unknown_id() const override;
  std::string_view type() const override { return parts_.type; }
  const TokenizerParts& parts() const { return parts_; }

 private:
  struct Scratch;
  static Scratch& scratch();

  Status encode_text(std::string_view text, Scratch& scratch, Tokens& out) const;
  Status encode_segment(const AlignedText& segment, Scratch& scratch, Tokens& out) const;
  Status encode_words(const AlignedText& text, Scratch& scratch, Tokens& out) const;
  Result<bool> split(const AlignedText& text, SplitState& split) const;
  Status encode_plain(const AlignedText& text, Scratch& scratch, Tokens& out) const;
  static void put_pieces(const AlignedText& text, std::span<const Piece> pieces, Tokens& out);
  void add_token(const AlignedText& text, const TokenFinder::Found& found, Tokens& out) const;
  void trim(Tokens& tokens) const;
  void assemble(const std::vector<TemplateItem>& items, SpecialTokens special, const Tokens* first,
                const Tokens* second, Tokens& out) const;
  std::size_t count_special(const std::vector<TemplateItem>& items, const EncodeOptions& options) const;

  TokenizerParts parts_;
  TokenFinder raw_tokens_;         // looked for in the text as it comes
  TokenFinder normalized_tokens_;  // and in the normalised text
  std::vector<const AddedToken*> added_by_id_;
  PieceTable added_ids_;
  std::vector<std::string> decoded_added_;  // by id: how decode() writes an added token
  std::vector<std::uint8_t> blanks_;        // by id: leading (low 4 bits) and trailing blanks of the piece, for trim()
  bool may_be_plain_ = false;               // some texts need no normalisation at all: encode_plain()
  std::size_t size_ = 0;
};

}  // namespace isogloss::tokens
