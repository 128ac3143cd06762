// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE in two files: ids in vocab.json or encoder.json, merges in merges.txt or vocab.bpe.
#include "core/text.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/merge_line.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {
namespace {

Result<std::vector<Merge>> read_merge_lines(std::string_view text, const Vocabulary& vocabulary,
                                            std::string_view where) {
  std::vector<Merge> merges;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version")) continue;
    merges.push_back(
        IG_TRY(read_merge_line(line, vocabulary, static_cast<std::uint32_t>(merges.size()),
                               std::string(where) + ": line " + std::to_string(number) + " of the merges")));
  }
  return merges;
}

}  // namespace

Result<TokenizerParts> read_vocabulary_and_merges(std::string_view vocabulary_json, std::string_view merges_text,
                                                  std::string_view where) {
  const Json document = IG_TRY(Json::parse(vocabulary_json, where));
  Vocabulary vocabulary = IG_TRY(read_vocabulary(JsonNode(document, std::string(where))));
  const std::vector<Merge> merges = IG_TRY(read_merge_lines(merges_text, vocabulary, where));
  TokenizerParts parts;
  parts.type = "BPE";
  ByteLevelRules rules;
  rules.add_prefix_space = false;
  parts.splitters.push_back(byte_level_splitter(rules));
  parts.decoder = byte_level_decoder();
  const std::uint32_t begin = vocabulary.find("<s>");
  const std::uint32_t end = vocabulary.find("</s>");
  if (begin != PieceTable::kNone && end != PieceTable::kNone) {  // RoBERTa
    using Kind = TemplateItem::Kind;
    parts.sequence.single = {{Kind::special, {begin}, 0}, {Kind::first, {}, 0}, {Kind::special, {end}, 0}};
    parts.sequence.pair = parts.sequence.single;
    parts.sequence.pair.push_back({Kind::special, {end}, 0});
    parts.sequence.pair.push_back({Kind::second, {}, 0});
    parts.sequence.pair.push_back({Kind::special, {end}, 0});
    parts.sequence.trim_offsets = true;
    for (const std::string_view token : {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}) {
      if (const std::uint32_t id = vocabulary.find(token); id != PieceTable::kNone) {
        parts.added.push_back(special_token(token, id));
        parts.added.back().left_strip = token == "<mask>";
      }
    }
  } else if (const std::uint32_t id = vocabulary.find("<|endoftext|>"); id != PieceTable::kNone) {
    parts.added.push_back(special_token("<|endoftext|>", id));
  }
  BpeRules bpe;
  bpe.byte_level = true;
  parts.model = IG_TRY(Bpe::make(std::move(vocabulary), merges, bpe));
  return parts;
}

}  // namespace isogloss::tokens
