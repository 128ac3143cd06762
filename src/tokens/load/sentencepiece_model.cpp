// SPDX-License-Identifier: Apache-2.0
// sentencepiece_model.proto, version 0.2: ModelProto{1 pieces, 2 trainer, 3 normalizer}, SentencePiece{1 text, 2 score,
// 3 type}. Ids are places in the list of pieces.
#include <cmath>

#include "core/utf8.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/protobuf.hpp"
#include "tokens/load/sentencepiece_parts.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {
namespace {

Status read_piece(std::string_view bytes, std::string_view where, SentencePieceFile& file) {
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
  if (!reader.ok() || std::isnan(score) || text.empty() || text.size() > kMaxPieceBytes || !utf8_valid(text) ||
      type < 1 || type > 6 || id > Vocabulary::kMaxId) {
    return fail(Code::corrupt_data, std::string(where) + ": piece " + std::to_string(id) + " is damaged.");
  }
  file.add(text, score, static_cast<SentencePieceType>(type));
  return {};
}

Status read_trainer(std::string_view bytes, std::string_view where, SentencePieceFile& file) {
  ProtobufReader reader(bytes);
  while (reader.next()) {
    if (reader.number() == 3) {
      if (reader.integer() < 1 || reader.integer() > 4) {
        return fail(Code::unsupported, std::string(where) + " has the model type " + std::to_string(reader.integer()) +
                                           "; known are 1 (Unigram), 2 (BPE), 3 (word), 4 (character).");
      }
      file.model = static_cast<SentencePieceModel>(reader.integer());
    }
    if (reader.number() == 24) file.rules.whitespace_as_suffix = reader.integer() != 0;
    if (reader.number() == 44) file.unknown_surface = reader.bytes();
    if (reader.number() == 35) file.byte_fallback = reader.integer() != 0;
  }
  if (!reader.ok()) return fail(Code::corrupt_data, std::string(where) + ": the trainer's part is damaged.");
  return {};
}

Status read_normalizer_spec(std::string_view bytes, std::string_view where, SentencePieceFile& file) {
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

Result<SentencePieceFile> read_file(std::string_view bytes, std::string_view where) {
  SentencePieceFile file;
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

}  // namespace

Result<TokenizerParts> read_sentencepiece(std::string_view bytes, std::string_view where) {
  return sentencepiece_parts(IG_TRY(read_file(bytes, where)), where);
}

}  // namespace isogloss::tokens
