// SPDX-License-Identifier: Apache-2.0
// The order of the steps is that of the Hugging Face library: added tokens are found in the raw text, the stretches
// between them are normalised, tokens that want normalised text are found there, and what is left is split and cut into
// pieces. Offsets are looked up last, piece by piece, so the steps in between move numbers only where text moves.
//
// Buffers live in one scratch object per thread. It keeps at most kKeptBytes between calls: a text of a gigabyte does
// not stay in memory after its call.
#include "tokens/pipeline/pipeline_tokenizer.hpp"

#include <algorithm>

#include "core/guard.hpp"
#include "core/utf8.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/split/cut.hpp"

namespace isogloss::tokens {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

// An added token as it stands in the text where it is looked for.
std::string written_form(const TokenizerParts& parts, const AddedToken& token) {
  if (!token.normalized || token.as_written) return token.content;
  return parts.normalizer.apply(token.content).value_or(token.content);
}

std::vector<TokenFinder::Entry> finder_entries(const TokenizerParts& parts, bool normalized) {
  std::vector<TokenFinder::Entry> entries;
  for (const AddedToken& token : parts.added) {
    if (token.normalized != normalized) continue;
    entries.push_back({written_form(parts, token), token});
  }
  return entries;
}

bool is_blank_character(char32_t c) { return c == U'\u0120' || is_reference_space(c); }

struct BlankCount {
  std::size_t characters = 0;
  std::size_t bytes = 0;
};

BlankCount leading_blanks(std::string_view piece) {
  BlankCount count;
  while (count.bytes < piece.size() && is_blank_character(read_code_point(piece.data() + count.bytes))) {
    count.bytes += sequence_size(piece[count.bytes]);
    ++count.characters;
  }
  return count;
}

BlankCount trailing_blanks(std::string_view piece) {
  BlankCount count;
  while (count.bytes < piece.size()) {
    std::size_t last = piece.size() - count.bytes - 1;
    while (last > 0 && (static_cast<unsigned char>(piece[last]) & 0xC0) == 0x80) --last;
    if (!is_blank_character(read_code_point(piece.data() + last))) break;
    count.bytes = piece.size() - last;
    ++count.characters;
  }
  return count;
}

// Keeps `kept` tokens of `tokens` and counts the others.
void cut(Tokens& tokens, std::size_t kept, CutSide side) {
  if (tokens.size() <= kept) return;
  const std::size_t cut = tokens.size() - kept;
  const auto drop = [&](auto& values) {
    const auto begin = side == CutSide::start ? values.begin() : values.begin() + static_cast<std::ptrdiff_t>(kept);
    values.erase(begin, begin + static_cast<std::ptrdiff_t>(cut));
  };
  drop(tokens.ids);
  drop(tokens.offsets);
  tokens.cut += cut;
}

// How many tokens of each text stay. The library's rule: the shorter keeps what it has as far as it can.
Status cut_pair(Tokens& first, Tokens& second, std::size_t room, const EncodeOptions& options) {
  const std::size_t total = first.size() + second.size();
  if (total <= room) return {};
  if (options.pair_cut != PairCut::longest_first) {
    Tokens& giving = options.pair_cut == PairCut::only_first ? first : second;
    const std::size_t excess = total - room;
    if (giving.size() <= excess) {
      return fail(Code::too_long, "the pair has " + std::to_string(excess) +
                                      " tokens too many, and the text that is to be cut has only " +
                                      std::to_string(giving.size()) + ". Cut the other one too (longest_first).");
    }
    cut(giving, giving.size() - excess, options.cut_side);
    return {};
  }
  std::size_t shorter = std::min(first.size(), second.size());
  std::size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  const bool swapped = first.size() > second.size();
  cut(first, swapped ? longer : shorter, options.cut_side);
  cut(second, swapped ? shorter : longer, options.cut_side);
  return {};
}

}  // namespace

struct PipelineTokenizer::Scratch {
  AlignedText repaired;
  AlignedText raw;
  AlignedText segment;
  AlignedText part;
  NormalizeScratch normalize;
  SplitState split;
  Pieces pieces;
  std::vector<TokenFinder::Found> raw_found;
  std::vector<TokenFinder::Found> normalized_found;
  Tokens first;
  Tokens second;

  std::size_t bytes() const {
    return (split.words.capacity() + split.next.capacity()) * sizeof(Word) + pieces.capacity() * sizeof(Piece) +
           (first.ids.capacity() + second.ids.capacity()) * (sizeof(std::uint32_t) + sizeof(PieceSpan));
  }
};

PipelineTokenizer::Scratch& PipelineTokenizer::scratch() {
  thread_local std::unique_ptr<Scratch> buffers;
  if (buffers == nullptr || buffers->bytes() > kKeptBytes) buffers = std::make_unique<Scratch>();
  return *buffers;
}

PipelineTokenizer::PipelineTokenizer(TokenizerParts parts)
    : parts_(std::move(parts)),
      raw_tokens_(finder_entries(parts_, false)),
      normalized_tokens_(finder_entries(parts_, true)),
      may_be_plain_(parts_.splitters.empty() && normalized_tokens_.empty() && parts_.model->takes_unwritten()),
      size_(parts_.model->vocabulary().size()) {
  for (const AddedToken& token : parts_.added) size_ = std::max<std::size_t>(size_, token.id + 1);
  added_by_id_.resize(size_);
  decoded_added_.resize(size_);
  for (const AddedToken& token : parts_.added) {
    added_by_id_[token.id] = &token;
    added_ids_.insert(token.content, token.id);
    decoded_added_[token.id] = written_form(parts_, token);
  }
  if (!parts_.sequence.trim_offsets) return;
  blanks_.resize(size_);
  for (std::uint32_t id = 0; id < size_; ++id) {
    const std::size_t leading = std::min<std::size_t>(leading_blanks(piece(id)).characters, 15);
    const std::size_t trailing = std::min<std::size_t>(trailing_blanks(piece(id)).characters, 15);
    blanks_[id] = static_cast<std::uint8_t>(leading | trailing << 4);
  }
}

void PipelineTokenizer::add_token(const AlignedText& text, const TokenFinder::Found& found, Tokens& out) const {
  PieceSpan span = text.origin(found.begin, found.end);
  if (parts_.sequence.trim_offsets) {  // trim() looks at the token's own text, which lacks the white space it took
    const std::string_view taken = text.bytes().substr(found.begin, found.end - found.begin);
    const BlankCount leading = leading_blanks(taken);
    const bool put_in_front =
        (out.ids.empty() || span.begin == 0) && parts_.sequence.prefix_blank && leading.characters == 1;
    if (!put_in_front) span.begin = std::min(span.begin + static_cast<std::uint32_t>(leading.bytes), span.end);
    span.end = std::max(span.end - static_cast<std::uint32_t>(trailing_blanks(taken).bytes), span.begin);
  }
  out.ids.push_back(found.token->id);
  out.offsets.push_back(span);
}

void PipelineTokenizer::put_pieces(const AlignedText& text, std::span<const Piece> pieces, Tokens& out) {
  const std::size_t before = out.ids.size();
  out.ids.resize(before + pieces.size());
  out.offsets.resize(before + pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    out.ids[before + i] = pieces[i].id;
    out.offsets[before + i] = text.origin(pieces[i].begin, pieces[i].end);
  }
}

// Cuts `text` into words. True: their marks are not written (Splitter::apply_unwritten).
Result<bool> PipelineTokenizer::split(const AlignedText& text, SplitState& split) const {
  split.text = &text;
  split.words.assign(1, Word{0, static_cast<std::uint32_t>(text.size())});
  for (const SplitterPtr& splitter : parts_.splitters) {
    const bool last = &splitter == &parts_.splitters.back();
    if (last && parts_.model->takes_unwritten() && splitter->apply_unwritten(split)) return true;
    IG_TRY(splitter->apply(split));
  }
  return false;
}

Status PipelineTokenizer::encode_words(const AlignedText& text, Scratch& scratch, Tokens& out) const {
  if (text.empty()) return {};
  SplitState& words = scratch.split;
  const bool unwritten = IG_TRY(split(text, words));
  scratch.pieces.clear();
  if (unwritten) {
    IG_TRY(
        parts_.model->encode_unwritten(words.text->bytes(), words.words, MarkCovers::first_character, scratch.pieces));
  } else {
    IG_TRY(parts_.model->encode(words.text->bytes(), words.words, scratch.pieces));
  }
  put_pieces(*words.text, scratch.pieces, out);
  return {};
}

// A text of which SentencePiece's normaliser would only make the blanks visible.
Status PipelineTokenizer::encode_plain(const AlignedText& text, Scratch& scratch, Tokens& out) const {
  scratch.split.words.clear();
  cut_at_blanks(text.bytes(), {0, static_cast<std::uint32_t>(text.size())}, scratch.split.words);
  scratch.pieces.clear();
  IG_TRY(parts_.model->encode_unwritten(text.bytes(), scratch.split.words, MarkCovers::nothing, scratch.pieces));
  put_pieces(text, scratch.pieces, out);
  return {};
}

Status PipelineTokenizer::encode_segment(const AlignedText& segment, Scratch& scratch, Tokens& out) const {
  if (segment.empty()) return {};
  if (may_be_plain_ && parts_.normalizer.only_marks(segment.bytes())) return encode_plain(segment, scratch, out);
  const AlignedText& text = *IG_TRY(parts_.normalizer.apply(segment, scratch.normalize));
  if (normalized_tokens_.empty()) return encode_words(text, scratch, out);
  normalized_tokens_.find(text.bytes(), scratch.normalized_found);
  std::size_t at = 0;
  for (const TokenFinder::Found& found : scratch.normalized_found) {
    scratch.part.view(text, at, found.begin);
    IG_TRY(encode_words(scratch.part, scratch, out));
    add_token(text, found, out);
    at = found.end;
  }
  scratch.part.view(text, at, text.size());
  return encode_words(scratch.part, scratch, out);
}

// Ids and offsets of one text, without special tokens.
Status PipelineTokenizer::encode_text(std::string_view text, Scratch& scratch, Tokens& out) const {
  out.clear();
  if (text.size() >= UINT32_MAX) {
    return fail(Code::too_long, "the text has " + std::to_string(text.size()) +
                                    " bytes; a tokenizer takes less than 4 GiB at once. Cut it into parts.");
  }
  const AlignedText* whole = &scratch.raw;
  if (utf8_valid(text)) {
    scratch.raw.view(text, 0);
  } else {
    scratch.repaired.repair(text);
    whole = &scratch.repaired;
  }
  raw_tokens_.find(whole->bytes(), scratch.raw_found);
  std::size_t at = 0;
  for (const TokenFinder::Found& found : scratch.raw_found) {
    scratch.segment.view(*whole, at, found.begin);
    IG_TRY(encode_segment(scratch.segment, scratch, out));
    add_token(*whole, found, out);
    at = found.end;
  }
  scratch.segment.view(*whole, at, whole->size());
  return encode_segment(scratch.segment, scratch, out);
}

// Takes the blanks at the ends of pieces out of their offsets, as RobertaProcessing and ByteLevel do.
void PipelineTokenizer::trim(Tokens& tokens) const {
  if (!parts_.sequence.trim_offsets) return;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::uint8_t blanks = blanks_[tokens.ids[i]];
    if (blanks == 0) continue;
    PieceSpan& span = tokens.offsets[i];
    std::uint32_t leading = blanks & 15;
    const std::uint32_t trailing = blanks >> 4;
    const bool is_first = i == 0 || span.begin == 0;
    if (is_first && parts_.sequence.prefix_blank && leading == 1) leading = 0;
    span.begin = std::min(span.begin + leading, span.end);
    if (trailing > 0 && span.end >= trailing) span.end = std::max(span.end - trailing, span.begin);
  }
}

std::size_t PipelineTokenizer::count_special(const std::vector<TemplateItem>& items,
                                             const EncodeOptions& options) const {
  std::size_t count = 0;
  if (options.special_tokens == SpecialTokens::leave_out) return count;
  for (const TemplateItem& item : items) count += item.ids.size();
  return count;
}

void PipelineTokenizer::assemble(const std::vector<TemplateItem>& items, SpecialTokens special, const Tokens* first,
                                 const Tokens* second, Tokens& out) const {
  out.clear();
  out.cut = first->cut + (second != nullptr ? second->cut : 0);
  const auto put = [&](const Tokens& part, std::uint8_t type_id) {
    out.ids.insert(out.ids.end(), part.ids.begin(), part.ids.end());
    out.offsets.insert(out.offsets.end(), part.offsets.begin(), part.offsets.end());
    out.type_ids.resize(out.ids.size(), type_id);
    out.special.resize(out.ids.size(), 0);
  };
  if (items.empty()) {
    put(*first, 0);
    if (second != nullptr) put(*second, 1);
    return;
  }
  for (const TemplateItem& item : items) {
    if (item.kind == TemplateItem::Kind::first) {
      put(*first, item.type_id);
    } else if (item.kind == TemplateItem::Kind::second) {
      if (second != nullptr) put(*second, item.type_id);
    } else if (special == SpecialTokens::add) {
      out.ids.insert(out.ids.end(), item.ids.begin(), item.ids.end());
      out.offsets.resize(out.ids.size());
      out.type_ids.resize(out.ids.size(), item.type_id);
      out.special.resize(out.ids.size(), 1);
    }
  }
}

namespace {

// Tokens of the text that max_tokens leaves room for.
Result<std::size_t> room_for(std::size_t max_tokens, std::size_t special) {
  if (max_tokens == 0) return SIZE_MAX;
  if (max_tokens < special) {
    return fail(Code::too_long, "max_tokens is " + std::to_string(max_tokens) + ", but the special tokens alone are " +
                                    std::to_string(special) + ".");
  }
  return max_tokens - special;
}

}  // namespace

Status PipelineTokenizer::encode(std::string_view text, const EncodeOptions& options, Tokens& out) const {
  return guard([&]() -> Status {
    Scratch& buffers = scratch();
    const std::size_t room = IG_TRY(room_for(options.max_tokens, count_special(parts_.sequence.single, options)));
    IG_TRY(encode_text(text, buffers, buffers.first));
    cut(buffers.first, room, options.cut_side);
    trim(buffers.first);
    assemble(parts_.sequence.single, options.special_tokens, &buffers.first, nullptr, out);
    return {};
  });
}

Status PipelineTokenizer::encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                                      Tokens& out) const {
  return guard([&]() -> Status {
    Scratch& buffers = scratch();
    const std::size_t room = IG_TRY(room_for(options.max_tokens, count_special(parts_.sequence.pair, options)));
    IG_TRY(encode_text(first, buffers, buffers.first));
    IG_TRY(encode_text(second, buffers, buffers.second));
    IG_TRY(cut_pair(buffers.first, buffers.second, room, options));
    trim(buffers.first);
    trim(buffers.second);
    assemble(parts_.sequence.pair, options.special_tokens, &buffers.first, &buffers.second, out);
    return {};
  });
}

Result<std::string> PipelineTokenizer::decode(std::span<const std::uint32_t> ids, const DecodeOptions& options) const {
  return guard([&]() -> Result<std::string> {
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::uint32_t id = ids[i];
      if (id >= size_) {
        return fail(Code::invalid_argument,
                    "token id " + std::to_string(id) + " at position " + std::to_string(i) +
                        " is outside the vocabulary of " + std::to_string(size_) + " tokens.",
                    static_cast<std::ptrdiff_t>(i));
      }
      const AddedToken* const added = added_by_id_[id];
      if (added != nullptr && added->special && options.special_tokens == SpecialTokens::leave_out) continue;
      if (added != nullptr) {
        pieces.push_back(decoded_added_[id]);
      } else if (parts_.model->vocabulary().contains(id)) {
        pieces.emplace_back(parts_.model->vocabulary().piece(id));
      }
    }
    const std::string_view between = parts_.decoder == nullptr ? " " : "";
    if (parts_.decoder != nullptr && !pieces.empty()) IG_TRY(parts_.decoder->apply(pieces));
    std::string text;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0) text += between;
      text += pieces[i];
    }
    return options.clean_up ? clean_up_spaces(text) : text;
  });
}

std::string_view PipelineTokenizer::piece(std::uint32_t id) const {
  if (added_by_id_[id] != nullptr) return added_by_id_[id]->content;
  const Vocabulary& vocabulary = parts_.model->vocabulary();
  return id < vocabulary.size() ? vocabulary.piece(id) : std::string_view();
}

std::optional<std::uint32_t> PipelineTokenizer::find_piece(std::string_view piece) const {
  std::uint32_t id = added_ids_.find(piece);
  if (id == PieceTable::kNone) id = parts_.model->vocabulary().find(piece);
  return id == PieceTable::kNone ? std::nullopt : std::optional(id);
}

std::optional<std::uint32_t> PipelineTokenizer::unknown_id() const {
  const std::uint32_t id = parts_.model->unknown_id();
  return id == PieceTable::kNone ? std::nullopt : std::optional(id);
}

}  // namespace isogloss::tokens
