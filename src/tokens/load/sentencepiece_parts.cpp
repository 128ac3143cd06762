// SPDX-License-Identifier: Apache-2.0
// The four models of SentencePiece 0.2 on the project's own: Unigram; BPE, whose merges are told by scores; word and
// character models, which look up the words between marks or the characters one by one.
#include "tokens/load/sentencepiece_parts.hpp"

#include <algorithm>
#include <map>

#include "core/utf8.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/unigram/unigram.hpp"
#include "tokens/word/word_level.hpp"

namespace isogloss::tokens {
namespace {

using Type = SentencePieceType;
using Model = SentencePieceModel;

std::vector<PieceKind> kinds_of(const SentencePieceFile& file) {
  std::vector<PieceKind> kinds;
  for (const Type type : file.types) {
    kinds.push_back(type == Type::normal         ? PieceKind::normal
                    : type == Type::user_defined ? PieceKind::user
                    : type == Type::unused       ? PieceKind::unused
                                                 : PieceKind::unmatched);
  }
  return kinds;
}

std::unique_ptr<const SubwordModel> make_unigram(SentencePieceFile& file) {
  UnigramRules rules;
  rules.unknown = file.unknown;
  rules.byte_fallback = file.byte_fallback;
  rules.score_type = ScoreType::f32;
  return std::make_unique<Unigram>(std::move(file.vocabulary), std::move(file.scores), kinds_of(file), rules);
}

bool joins(Type type) { return type == Type::normal || type == Type::unused; }

// SentencePiece joins the pair whose joined text has the best score; that is a merge for every way to cut a piece.
std::vector<Merge> merges_of(const SentencePieceFile& file) {
  std::map<double, std::uint32_t, std::greater<>> rank_of;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    if (joins(file.types[id])) rank_of.emplace(file.scores[id], 0);
  }
  std::uint32_t next = 0;
  for (auto& [score, rank] : rank_of) rank = next++;
  std::vector<Merge> merges;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    if (!joins(file.types[id])) continue;
    const std::string_view piece = file.vocabulary.piece(id);
    for (std::size_t cut = sequence_size(piece[0]); cut < piece.size(); cut += sequence_size(piece[cut])) {
      const std::uint32_t left = file.vocabulary.find(piece.substr(0, cut));
      const std::uint32_t right = file.vocabulary.find(piece.substr(cut));
      if (left == PieceTable::kNone || right == PieceTable::kNone) continue;
      if (joins(file.types[left]) && joins(file.types[right])) {
        merges.push_back({left, right, id, rank_of[file.scores[id]]});
      }
    }
  }
  return merges;
}

Result<std::unique_ptr<const SubwordModel>> make_bpe(SentencePieceFile& file) {
  const std::vector<Merge> merges = merges_of(file);
  BpeRules rules;
  rules.unknown = std::string(file.vocabulary.piece(file.unknown));
  rules.fuse_unknown = true;
  rules.byte_fallback = file.byte_fallback;
  rules.byte_spans = ByteSpans::last;
  rules.kinds = kinds_of(file);
  return std::unique_ptr<const SubwordModel>(IG_TRY(Bpe::make(std::move(file.vocabulary), merges, rules)));
}

Result<std::unique_ptr<const SubwordModel>> make_model(SentencePieceFile& file) {
  if (file.model == Model::unigram) return make_unigram(file);
  if (file.model == Model::bpe) return make_bpe(file);
  WordLevelRules rules;
  rules.kinds = kinds_of(file);
  rules.unknown = std::string(file.vocabulary.piece(file.unknown));
  rules.fuse_unknown = true;
  rules.byte_fallback = file.byte_fallback;
  return std::unique_ptr<const SubwordModel>(std::make_unique<WordLevel>(std::move(file.vocabulary), rules));
}

// Pieces that are taken out of the text before the model sees it.
std::vector<AddedToken> added_tokens(const SentencePieceFile& file) {
  std::vector<AddedToken> added;
  // In a Unigram model the search itself prefers them, a word model knows whole words only.
  const bool users = file.model == Model::bpe || file.model == Model::character;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    const std::string_view piece = file.vocabulary.piece(id);
    if (file.control_in_text && file.types[id] == Type::control) added.push_back(special_token(piece, id));
    if (!users || file.types[id] != Type::user_defined) continue;
    AddedToken token;
    token.id = id;
    token.content = piece;
    token.normalized = true;
    token.as_written = true;
    added.push_back(std::move(token));
  }
  return added;
}

SentencePieceDecoding decoding_of(const SentencePieceFile& file) {
  SentencePieceDecoding decoding;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    if (file.types[id] == Type::control && !file.control_in_text)
      decoding.silent.emplace_back(file.vocabulary.piece(id));
  }
  decoding.strip_marks = file.rules.add_dummy_prefix || file.rules.remove_extra_whitespaces;
  decoding.strip_all_marks = file.rules.remove_extra_whitespaces;
  decoding.unknown = file.vocabulary.piece(file.unknown);
  decoding.unknown_surface = file.unknown_surface;
  return decoding;
}

}  // namespace

void SentencePieceFile::add(std::string_view piece, double score, SentencePieceType type) {
  const auto id = static_cast<std::uint32_t>(types.size());
  vocabulary.add(piece, id);
  scores.push_back(score);
  types.push_back(type);
  if (type == Type::unknown) unknown = id;
  if (type == Type::user_defined) rules.user_symbols.emplace_back(piece);
}

Result<TokenizerParts> sentencepiece_parts(SentencePieceFile file, std::string_view where) {
  TokenizerParts parts;
  parts.type = file.model == Model::unigram ? "Unigram" : file.model == Model::bpe ? "BPE" : "WordLevel";
  parts.added = added_tokens(file);
  parts.decoder = sentencepiece_decoder(decoding_of(file));
  std::vector<NormalizerPtr> normalizers;
  normalizers.push_back(sentencepiece_normalizer(std::move(file.charsmap), file.rules));
  parts.normalizer = NormalizerChain(std::move(normalizers));
  if (file.model == Model::word)
    parts.splitters.push_back(literal_splitter("\xE2\x96\x81", Delimiter::merged_with_next, false));
  if (file.model == Model::character) parts.splitters.push_back(fixed_length_splitter(1));
  auto model = make_model(file);
  if (!model) return fail(model.error().code, std::string(where) + ": " + model.error().message);
  parts.model = std::move(*model);
  return parts;
}

}  // namespace isogloss::tokens
