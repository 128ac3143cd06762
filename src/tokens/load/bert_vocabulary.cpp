// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/wordpiece/wordpiece.hpp"

namespace isogloss::tokens {
namespace {

bool is_bracketed(std::string_view piece) { return piece.starts_with('[') && piece.ends_with(']'); }

bool has_upper_case(const Vocabulary& vocabulary) {
  for (std::uint32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view piece = vocabulary.piece(id);
    if (!is_bracketed(piece) && std::ranges::any_of(piece, [](char c) { return c >= 'A' && c <= 'Z'; })) return true;
  }
  return false;
}

// Some files are lower-cased throughout, special tokens included.
std::uint32_t find_special(const Vocabulary& vocabulary, std::string_view piece) {
  const std::uint32_t id = vocabulary.find(piece);
  return id != PieceTable::kNone ? id : vocabulary.find(ascii_lower(piece));
}

// Pieces by line. White space at the end of a line does not count, as in the library.
Result<Vocabulary> read_lines(std::string_view text, std::string_view where) {
  Vocabulary vocabulary;
  std::uint32_t id = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!piece.empty() && (piece.back() == '\r' || piece.back() == ' ' || piece.back() == '\t'))
      piece.remove_suffix(1);
    const auto place = [&] { return std::string(where) + ": line " + std::to_string(id + 1); };
    if (piece.size() > kMaxPieceBytes)
      return fail(Code::corrupt_data, place() + " has " + std::to_string(piece.size()) + " bytes; that is no piece.");
    if (!utf8_valid(piece)) return fail(Code::corrupt_data, place() + " is not UTF-8.");
    if (id > Vocabulary::kMaxId) return fail(Code::corrupt_data, std::string(where) + " has too many lines.");
    vocabulary.add(piece, id++);
  }
  if (id == 0) return fail(Code::corrupt_data, std::string(where) + " is empty; a vocabulary has one piece a line.");
  return vocabulary;
}

}  // namespace

std::string lower_case_note(std::string_view where, bool lower_case) {
  return std::string(where) + (lower_case ? " has no upper-case piece: text is lower-cased and accents are stripped"
                                          : " has upper-case pieces: text keeps its case and accents");
}

Result<BertVocabularyRead> read_bert_vocabulary(std::string_view text, TokenizerOptions::LowerCase lower_case,
                                                std::string_view where) {
  BertPieces pieces;
  pieces.vocabulary = IG_TRY(read_lines(text, where));
  for (const std::string_view special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    const std::uint32_t id = find_special(pieces.vocabulary, special);
    if (id != PieceTable::kNone) pieces.special.push_back(id);
  }
  pieces.cls = find_special(pieces.vocabulary, "[CLS]");
  pieces.sep = find_special(pieces.vocabulary, "[SEP]");
  if (pieces.vocabulary.find(pieces.unknown) == PieceTable::kNone) pieces.unknown = ascii_lower(pieces.unknown);
  return bert_parts(std::move(pieces), lower_case, where);
}

Result<BertVocabularyRead> bert_parts(BertPieces pieces, TokenizerOptions::LowerCase lower_case,
                                      std::string_view where) {
  BertVocabularyRead read;
  using LowerCase = TokenizerOptions::LowerCase;
  read.lower_case =
      lower_case == LowerCase::automatic ? !has_upper_case(pieces.vocabulary) : lower_case == LowerCase::yes;
  TokenizerParts& parts = read.parts;
  parts.type = "WordPiece";
  BertRules rules;
  rules.lowercase = read.lower_case;
  rules.strip_accents = read.lower_case;
  std::vector<NormalizerPtr> normalizers;
  normalizers.push_back(bert_normalizer(rules));
  parts.normalizer = NormalizerChain(std::move(normalizers));
  parts.splitters.push_back(bert_splitter());
  std::ranges::sort(pieces.special);
  pieces.special.erase(std::ranges::unique(pieces.special).begin(), pieces.special.end());
  for (const std::uint32_t id : pieces.special) parts.added.push_back(special_token(pieces.vocabulary.piece(id), id));
  if (pieces.cls != PieceTable::kNone && pieces.sep != PieceTable::kNone) {
    using Kind = TemplateItem::Kind;
    parts.sequence.single = {{Kind::special, {pieces.cls}, 0}, {Kind::first, {}, 0}, {Kind::special, {pieces.sep}, 0}};
    parts.sequence.pair = parts.sequence.single;
    parts.sequence.pair.push_back({Kind::second, {}, 1});
    parts.sequence.pair.push_back({Kind::special, {pieces.sep}, 1});
  }
  WordPieceRules model_rules;
  model_rules.unknown = pieces.unknown;
  auto model = WordPiece::make(std::move(pieces.vocabulary), model_rules);
  if (!model) return fail(model.error().code, std::string(where) + ": " + model.error().message);
  parts.model = std::move(*model);
  parts.decoder = wordpiece_decoder("##", true);
  return read;
}

}  // namespace isogloss::tokens
