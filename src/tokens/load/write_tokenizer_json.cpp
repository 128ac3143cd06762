// SPDX-License-Identifier: Apache-2.0
#include "tokens/load/write_tokenizer_json.hpp"

#include "core/json.hpp"
#include "tokens/wordpiece/wordpiece.hpp"

namespace isogloss::tokens {
namespace {

void write_vocabulary(JsonWriter& json, std::span<const std::string> pieces) {
  json.key("vocab").begin_object();
  for (std::size_t id = 0; id < pieces.size(); ++id) json.field(pieces[id], static_cast<std::uint64_t>(id));
  json.end_object();
}

void write_unknown(JsonWriter& json, std::string_view unknown) {
  json.key("unk_token");
  unknown.empty() ? json.null() : json.value(unknown);
}

void write_sequence(JsonWriter& json, std::string_view id, int type_id) {
  json.begin_object().key("Sequence").begin_object().field("id", id).field("type_id", type_id).end_object().end_object();
}

void write_special(JsonWriter& json, std::string_view id, int type_id) {
  json.begin_object().key("SpecialToken").begin_object().field("id", id).field("type_id", type_id).end_object().end_object();
}

}  // namespace

std::string write_tokenizer_json(const TokenizerFile& file) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("version", "1.0").key("truncation").null().key("padding").null();
  json.key("added_tokens").begin_array();
  for (std::size_t id = 0; id < file.special_tokens.size(); ++id) {
    json.begin_object().field("id", static_cast<std::uint64_t>(id)).field("content", file.special_tokens[id]);
    json.field("single_word", false).field("lstrip", false).field("rstrip", false);
    json.field("normalized", false).field("special", true).end_object();
  }
  json.end_array();
  json.key("normalizer").raw(file.normalizer).key("pre_tokenizer").raw(file.pre_tokenizer);
  json.key("post_processor").raw(file.post_processor).key("decoder").raw(file.decoder);
  json.key("model").raw(file.model).end_object();
  out += '\n';
  return out;
}

std::string bpe_model_json(std::span<const std::string> pieces, std::span<const std::pair<std::uint32_t, std::uint32_t>> merges,
                           std::string_view unknown) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "BPE").key("dropout").null();
  write_unknown(json, unknown);
  json.key("continuing_subword_prefix").null().key("end_of_word_suffix").null();
  json.field("fuse_unk", false).field("byte_fallback", false).field("ignore_merges", false);
  write_vocabulary(json, pieces);
  json.key("merges").begin_array();
  for (const auto& [left, right] : merges) json.begin_array().value(pieces[left]).value(pieces[right]).end_array();
  json.end_array().end_object();
  return out;
}

std::string wordpiece_model_json(std::span<const std::string> pieces, std::string_view unknown) {
  const WordPieceRules rules;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "WordPiece").field("unk_token", unknown);
  json.field("continuing_subword_prefix", rules.continuing_prefix);
  json.field("max_input_chars_per_word", static_cast<std::uint64_t>(rules.max_characters));
  write_vocabulary(json, pieces);
  json.end_object();
  return out;
}

std::string unigram_model_json(std::span<const std::pair<std::string, double>> pieces, std::string_view unknown) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "Unigram").key("unk_id");
  std::size_t id = 0;
  while (id < pieces.size() && pieces[id].first != unknown) ++id;
  unknown.empty() || id == pieces.size() ? json.null() : json.value(static_cast<std::uint64_t>(id));
  json.key("vocab").begin_array();
  for (const auto& [piece, score] : pieces) json.begin_array().value(piece).value(score).end_array();
  json.end_array().field("byte_fallback", false).end_object();
  return out;
}

std::string word_model_json(std::span<const std::string> pieces, std::string_view unknown) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "WordLevel");
  write_vocabulary(json, pieces);
  json.field("unk_token", unknown).end_object();
  return out;
}

std::string template_json(std::pair<std::string_view, std::uint32_t> first, std::pair<std::string_view, std::uint32_t> last) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("type", "TemplateProcessing").key("single").begin_array();
  write_special(json, first.first, 0);
  write_sequence(json, "A", 0);
  write_special(json, last.first, 0);
  json.end_array().key("pair").begin_array();
  write_special(json, first.first, 0);
  write_sequence(json, "A", 0);
  write_special(json, last.first, 0);
  write_sequence(json, "B", 1);
  write_special(json, last.first, 1);
  json.end_array().key("special_tokens").begin_object();
  for (const auto& [token, id] : {first, last}) {
    json.key(token).begin_object().field("id", token);
    json.key("ids").begin_array().value(static_cast<std::uint64_t>(id)).end_array();
    json.key("tokens").begin_array().value(token).end_array().end_object();
  }
  json.end_object().end_object();
  return out;
}

}  // namespace isogloss::tokens
