// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "core/text.hpp"
#include "tokens/load/base64.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {
namespace {

constexpr int kMaxDepth = 16;

Result<NormalizerPtr> read_bert(const JsonNode& node) {
  BertRules rules;
  rules.clean_text = IG_TRY(node["clean_text"].boolean_or(true));
  rules.handle_chinese_chars = IG_TRY(node["handle_chinese_chars"].boolean_or(true));
  rules.lowercase = IG_TRY(node["lowercase"].boolean_or(true));
  rules.strip_accents = IG_TRY(node["strip_accents"].boolean_or(rules.lowercase));  // null follows lowercase
  return bert_normalizer(rules);
}

Result<NormalizerPtr> read_replace(const JsonNode& node) {
  std::string by = IG_TRY(node["content"].text());
  const JsonNode pattern = node["pattern"];
  if (pattern.has("String")) return replace_normalizer(IG_TRY(pattern["String"].text()), std::move(by));
  auto regex = replace_regex_normalizer(IG_TRY(pattern["Regex"].text()), std::move(by), pattern["Regex"].place());
  if (!regex) return pattern.fail("is wrong: " + regex.error().message, file_code(regex.error()));
  return regex;
}

Result<NormalizerPtr> read_precompiled(const JsonNode& node) {
  const JsonNode map = node["precompiled_charsmap"];
  const std::optional<std::string> bytes = base64_decode(IG_TRY(map.text_or("")));
  if (!bytes) return map.fail("is not base64.");
  auto normalizer = precompiled_normalizer(*bytes);
  if (!normalizer) return map.fail("is damaged: " + normalizer.error().message);
  return normalizer;
}

Status read_into(const JsonNode& node, int depth, std::vector<NormalizerPtr>& out) {
  if (node.is_null()) return {};
  if (depth > kMaxDepth) return node.fail("is nested too deeply.");
  const std::string type = IG_TRY(node["type"].text());
  if (type == "Sequence") {
    for (const JsonNode& item : node["normalizers"].items()) IG_TRY(read_into(item, depth + 1, out));
  } else if (type == "BertNormalizer") {
    out.push_back(IG_TRY(read_bert(node)));
  } else if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    out.push_back(unicode_normalizer(type == "NFC"    ? UnicodeForm::nfc
                                     : type == "NFD"  ? UnicodeForm::nfd
                                     : type == "NFKC" ? UnicodeForm::nfkc
                                                      : UnicodeForm::nfkd));
  } else if (type == "Lowercase") {
    out.push_back(lowercase_normalizer());
  } else if (type == "StripAccents") {
    out.push_back(strip_accents_normalizer());
  } else if (type == "Strip") {
    out.push_back(
        strip_normalizer(IG_TRY(node["strip_left"].boolean_or(true)), IG_TRY(node["strip_right"].boolean_or(true))));
  } else if (type == "Nmt") {
    out.push_back(nmt_normalizer());
  } else if (type == "Prepend") {
    out.push_back(prepend_normalizer(IG_TRY(node["prepend"].text())));
  } else if (type == "ByteLevel") {
    out.push_back(byte_level_normalizer());
  } else if (type == "Replace") {
    out.push_back(IG_TRY(read_replace(node)));
  } else if (type == "Precompiled") {
    out.push_back(IG_TRY(read_precompiled(node)));
  } else {
    return node.fail("has the type '" + shortened(type, 60) + "', which this version does not know.",
                     Code::unsupported);
  }
  return {};
}

}  // namespace

Result<NormalizerChain> read_normalizer(const JsonNode& node) {
  std::vector<NormalizerPtr> rules;
  IG_TRY(read_into(node, 0, rules));
  return NormalizerChain(std::move(rules), node.place());
}

}  // namespace isogloss::tokens
