// SPDX-License-Identifier: Apache-2.0
// Decoders and post-processors.
#include "core/text.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {
namespace {

constexpr int kMaxDepth = 16;

Result<DecoderPtr> read_decoder_at(const JsonNode& node, int depth) {
  if (depth > kMaxDepth) return node.fail("is nested too deeply.");
  const std::string type = IG_TRY(node["type"].text());
  if (type == "ByteLevel") return byte_level_decoder();
  if (type == "WordPiece") {
    const std::string prefix = IG_TRY(node["prefix"].text_or("##"));
    return wordpiece_decoder(prefix, IG_TRY(node["cleanup"].boolean_or(true)));
  }
  if (type == "Metaspace") {
    const char32_t mark = node.has("replacement") ? IG_TRY(read_character(node["replacement"])) : U'\u2581';
    return metaspace_decoder(mark, IG_TRY(read_prefix_scheme(node)));
  }
  if (type == "BPEDecoder") return bpe_decoder(IG_TRY(node["suffix"].text_or("</w>")));
  if (type == "ByteFallback") return byte_fallback_decoder();
  if (type == "Fuse") return fuse_decoder();
  if (type == "Strip") {
    const char32_t content = IG_TRY(read_character(node["content"]));
    const std::uint32_t start = IG_TRY(node["start"].number(1u << 30));
    return strip_decoder(content, start, IG_TRY(node["stop"].number(1u << 30)));
  }
  if (type == "CTC") {
    const std::string pad = IG_TRY(node["pad_token"].text_or("<pad>"));
    const std::string delimiter = IG_TRY(node["word_delimiter_token"].text_or("|"));
    return ctc_decoder(pad, delimiter, IG_TRY(node["cleanup"].boolean_or(true)));
  }
  if (type == "Replace") {
    const JsonNode pattern = node["pattern"];
    std::string by = IG_TRY(node["content"].text());
    if (pattern.has("String")) return replace_decoder(IG_TRY(pattern["String"].text()), std::move(by));
    auto decoder = replace_regex_decoder(IG_TRY(pattern["Regex"].text()), std::move(by), pattern["Regex"].place());
    if (!decoder) return pattern.fail("is wrong: " + decoder.error().message, file_code(decoder.error()));
    return decoder;
  }
  if (type == "Sequence") {
    std::vector<DecoderPtr> decoders;
    for (const JsonNode& item : node["decoders"].items()) decoders.push_back(IG_TRY(read_decoder_at(item, depth + 1)));
    return decoder_sequence(std::move(decoders));
  }
  return node.fail("has the type '" + shortened(type, 60) + "', which this version does not know.", Code::unsupported);
}

Result<std::vector<TemplateItem>> read_template(const JsonNode& items, const JsonNode& special) {
  std::vector<TemplateItem> out;
  for (const JsonNode& item : items.items()) {
    TemplateItem read;
    const bool is_special = item.has("SpecialToken");
    const JsonNode body = item[is_special ? "SpecialToken" : "Sequence"];
    const std::string id = IG_TRY(body["id"].text());
    if (body.has("type_id")) read.type_id = static_cast<std::uint8_t>(IG_TRY(body["type_id"].number(255)));
    if (!is_special) {
      if (id != "A" && id != "B") return body["id"].fail("is '" + shortened(id, 40) + "'; a sequence is A or B.");
      read.kind = id == "A" ? TemplateItem::Kind::first : TemplateItem::Kind::second;
    } else {
      const JsonNode ids = special[id]["ids"];
      if (ids.value().as_array().empty())
        return body["id"].fail("names '" + shortened(id, 60) + "', which special_tokens lacks.");
      for (const JsonNode& number : ids.items()) read.ids.push_back(IG_TRY(number.number(Vocabulary::kMaxId)));
    }
    out.push_back(std::move(read));
  }
  return out;
}

TemplateItem special_item(std::uint32_t id, std::uint8_t type_id) {
  return {TemplateItem::Kind::special, {id}, type_id};
}

// ["[SEP]", 102]
Result<std::uint32_t> read_token_id(const JsonNode& node) {
  const auto items = node.items();
  if (items.size() != 2) return node.fail("is not a token with its id.");
  return items[1].number(Vocabulary::kMaxId);
}

constexpr TemplateItem::Kind kFirst = TemplateItem::Kind::first;
constexpr TemplateItem::Kind kSecond = TemplateItem::Kind::second;

Status read_rules(const JsonNode& node, int depth, SequenceRules& rules) {
  if (node.is_null()) return {};
  if (depth > kMaxDepth) return node.fail("is nested too deeply.");
  const std::string type = IG_TRY(node["type"].text());
  if (type == "Sequence") {
    for (const JsonNode& item : node["processors"].items()) IG_TRY(read_rules(item, depth + 1, rules));
    return {};
  }
  const bool trims = type == "ByteLevel" || type == "RobertaProcessing";
  if (trims && IG_TRY(node["trim_offsets"].boolean_or(true))) {
    rules.trim_offsets = true;
    rules.prefix_blank = IG_TRY(node["add_prefix_space"].boolean_or(true));
  }
  if (type == "ByteLevel") return {};
  if (!rules.single.empty()) return node.fail("adds special tokens a second time.", Code::unsupported);
  if (type == "TemplateProcessing") {
    rules.single = IG_TRY(read_template(node["single"], node["special_tokens"]));
    rules.pair = IG_TRY(read_template(node["pair"], node["special_tokens"]));
  } else if (type == "BertProcessing") {
    const std::uint32_t sep = IG_TRY(read_token_id(node["sep"]));
    const std::uint32_t cls = IG_TRY(read_token_id(node["cls"]));
    rules.single = {special_item(cls, 0), {kFirst, {}, 0}, special_item(sep, 0)};
    rules.pair = rules.single;
    rules.pair.push_back({kSecond, {}, 1});
    rules.pair.push_back(special_item(sep, 1));
  } else if (type == "RobertaProcessing") {
    const std::uint32_t sep = IG_TRY(read_token_id(node["sep"]));
    const std::uint32_t cls = IG_TRY(read_token_id(node["cls"]));
    rules.single = {special_item(cls, 0), {kFirst, {}, 0}, special_item(sep, 0)};
    rules.pair = rules.single;
    rules.pair.push_back(special_item(sep, 0));
    rules.pair.push_back({kSecond, {}, 0});
    rules.pair.push_back(special_item(sep, 0));
  } else {
    return node.fail("has the type '" + shortened(type, 60) + "', which this version does not know.",
                     Code::unsupported);
  }
  return {};
}

}  // namespace

Result<DecoderPtr> read_decoder(const JsonNode& node) {
  if (node.is_null()) return DecoderPtr();
  return read_decoder_at(node, 0);
}

Result<SequenceRules> read_sequence_rules(const JsonNode& node) {
  SequenceRules rules;
  IG_TRY(read_rules(node, 0, rules));
  return rules;
}

}  // namespace isogloss::tokens
