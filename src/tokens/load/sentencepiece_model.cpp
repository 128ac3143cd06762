// SPDX-License-Identifier: Apache-2.0
// sentencepiece_model.proto, version 0.2: ModelProto{1 pieces, 2 trainer, 3 normalizer}, SentencePiece{1 text, 2 score,
// 3 type}. Ids are places in the list of pieces.
#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/protobuf.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/normalize/sentencepiece.hpp"
#include "tokens/unigram/unigram.hpp"

namespace isogloss::tokens {
namespace {

enum class Type : std::uint32_t { normal = 1, unknown, control, user_defined, unused, byte };

struct ModelFile {
  Vocabulary vocabulary;
  std::vector<double> scores;
  std::vector<Type> types;
  std::uint32_t model_type = 1;  // 1 unigram, 2 bpe, 3 word, 4 character
  std::uint32_t unknown = PieceTable::kNone;
  std::string unknown_surface = " \xE2\x81\x87 ";
  bool byte_fallback = false;
  SentencePieceRules rules;
  Charsmap charsmap;
};

Status read_piece(std::string_view bytes, std::string_view where, ModelFile& file) {
  ProtobufReader reader(bytes);
  std::string_view text;
  double score = 0;
  std::uint64_t type = 1;
  while (reader.next()) {
    if (reader.number() == 1) text = reader.bytes();
    if (reader.number() == 2) score = static_cast<double>(reader.real());
    if (reader.number() == 3) type = reader.integer();
  }
  const auto id = static_cast<std::uint32_t>(file.types.size());
  if (!reader.ok() || text.empty() || text.size() > kMaxPieceBytes || !utf8_valid(text) || type < 1 || type > 6 ||
      id > Vocabulary::kMaxId) {
    return fail(Code::corrupt_data, std::string(where) + ": piece " + std::to_string(id) + " is damaged.");
  }
  file.vocabulary.add(text, id);
  file.scores.push_back(score);
  file.types.push_back(static_cast<Type>(type));
  if (file.types.back() == Type::unknown) file.unknown = id;
  if (file.types.back() == Type::user_defined) file.rules.user_symbols.emplace_back(text);
  return {};
}

Status read_trainer(std::string_view bytes, std::string_view where, ModelFile& file) {
  ProtobufReader reader(bytes);
  while (reader.next()) {
    if (reader.number() == 3) file.model_type = static_cast<std::uint32_t>(reader.integer());
    if (reader.number() == 24) file.rules.whitespace_as_suffix = reader.integer() != 0;
    if (reader.number() == 44) file.unknown_surface = reader.bytes();
    if (reader.number() == 35) file.byte_fallback = reader.integer() != 0;
  }
  if (!reader.ok()) return fail(Code::corrupt_data, std::string(where) + ": the trainer's part is damaged.");
  return {};
}

Status read_normalizer_spec(std::string_view bytes, std::string_view where, ModelFile& file) {
  ProtobufReader reader(bytes);
  while (reader.next()) {
    if (reader.number() == 2) {
      auto map = Charsmap::read(reader.bytes());
      if (!map) return fail(Code::corrupt_data, std::string(where) + ": " + map.error().message);
      file.charsmap = std::move(*map);
    }
    if (reader.number() == 3) file.rules.add_dummy_prefix = reader.integer() != 0;
    if (reader.number() == 4) file.rules.remove_extra_whitespaces = reader.integer() != 0;
    if (reader.number() == 5) file.rules.escape_whitespaces = reader.integer() != 0;
  }
  if (!reader.ok()) return fail(Code::corrupt_data, std::string(where) + ": the normaliser's part is damaged.");
  return {};
}

Result<ModelFile> read_file(std::string_view bytes, std::string_view where) {
  ModelFile file;
  ProtobufReader reader(bytes);
  while (reader.next()) {
    if (reader.number() == 1) IG_TRY(read_piece(reader.bytes(), where, file));
    if (reader.number() == 2) IG_TRY(read_trainer(reader.bytes(), where, file));
    if (reader.number() == 3) IG_TRY(read_normalizer_spec(reader.bytes(), where, file));
  }
  if (!reader.ok() || file.types.empty()) {
    return fail(Code::corrupt_data, std::string(where) + " is no SentencePiece model, or it is cut off behind piece " +
                                        std::to_string(file.types.size()) + ".");
  }
  if (file.unknown == PieceTable::kNone) {
    return fail(Code::corrupt_data, std::string(where) + " has no piece of the type 'unknown'.");
  }
  return file;
}

std::unique_ptr<const SubwordModel> make_unigram(ModelFile& file) {
  std::vector<PieceKind> kinds;
  for (const Type type : file.types) {
    kinds.push_back(type == Type::normal         ? PieceKind::normal
                    : type == Type::user_defined ? PieceKind::user
                                                 : PieceKind::unmatched);
  }
  UnigramRules rules;
  rules.unknown = file.unknown;
  rules.byte_fallback = file.byte_fallback;
  rules.score_type = ScoreType::f32;
  return std::make_unique<Unigram>(std::move(file.vocabulary), std::move(file.scores), kinds, rules);
}

// SentencePiece joins the pair whose joined text has the best score; that is a merge for every way to cut a piece.
Result<std::unique_ptr<const SubwordModel>> make_bpe(ModelFile& file, std::string_view where) {
  std::map<double, std::uint32_t, std::greater<>> rank_of;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    if (file.types[id] == Type::unused) {
      return fail(Code::unsupported, std::string(where) + ": piece " + std::to_string(id) + " is marked unused, which BPE models here cannot have.");
    }
    if (file.types[id] == Type::normal) rank_of.emplace(file.scores[id], 0);
  }
  std::uint32_t next = 0;
  for (auto& [score, rank] : rank_of) rank = next++;
  std::vector<Merge> merges;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    if (file.types[id] != Type::normal) continue;
    const std::string_view piece = file.vocabulary.piece(id);
    for (std::size_t cut = sequence_size(piece[0]); cut < piece.size(); cut += sequence_size(piece[cut])) {
      const std::uint32_t left = file.vocabulary.find(piece.substr(0, cut));
      const std::uint32_t right = file.vocabulary.find(piece.substr(cut));
      if (left == PieceTable::kNone || right == PieceTable::kNone) continue;
      if (file.types[left] == Type::normal && file.types[right] == Type::normal) {
        merges.push_back({left, right, id, rank_of[file.scores[id]]});
      }
    }
  }
  BpeRules rules;
  rules.unknown = std::string(file.vocabulary.piece(file.unknown));
  rules.fuse_unknown = true;
  rules.byte_fallback = file.byte_fallback;
  return std::unique_ptr<const SubwordModel>(IG_TRY(Bpe::make(std::move(file.vocabulary), merges, rules)));
}

}  // namespace

Result<TokenizerParts> read_sentencepiece(std::string_view bytes, std::string_view where) {
  ModelFile file = IG_TRY(read_file(bytes, where));
  if (file.model_type != 1 && file.model_type != 2) {
    return fail(Code::unsupported, std::string(where) + " is a SentencePiece word or character model; Unigram and BPE models are read.");
  }
  TokenizerParts parts;
  parts.type = file.model_type == 1 ? "Unigram" : "BPE";
  SentencePieceDecoding decoding;
  for (std::uint32_t id = 0; id < file.types.size(); ++id) {
    const bool control = file.types[id] == Type::control;
    const bool user = file.types[id] == Type::user_defined && file.model_type == 2;
    if (user) {  // in a Unigram model the search itself prefers them
      AddedToken token;
      token.id = id;
      token.content = file.vocabulary.piece(id);
      token.normalized = true;
      parts.added.push_back(std::move(token));
    }
    if (control) decoding.silent.emplace_back(file.vocabulary.piece(id));
  }
  decoding.strip_marks = file.rules.add_dummy_prefix || file.rules.remove_extra_whitespaces;
  decoding.strip_all_marks = file.rules.remove_extra_whitespaces;
  decoding.unknown = file.vocabulary.piece(file.unknown);
  decoding.unknown_surface = file.unknown_surface;
  parts.decoder = sentencepiece_decoder(std::move(decoding));
  std::vector<NormalizerPtr> normalizers;
  normalizers.push_back(sentencepiece_normalizer(std::move(file.charsmap), file.rules));
  parts.normalizer = NormalizerChain(std::move(normalizers));
  parts.model = file.model_type == 1 ? make_unigram(file) : IG_TRY(make_bpe(file, where));
  return parts;
}

}  // namespace isogloss::tokens
