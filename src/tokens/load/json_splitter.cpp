// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "core/text.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {

Result<char32_t> read_character(const JsonNode& node) {
  const std::string text = IG_TRY(node.text());
  if (text.empty() || sequence_size(text[0]) != text.size()) return node.fail("is not a single character.");
  return read_code_point(text.data());
}

Result<Delimiter> read_delimiter(const JsonNode& node) {
  static constexpr std::pair<std::string_view, Delimiter> kNames[] = {
      {"removed", Delimiter::removed},
      {"isolated", Delimiter::isolated},
      {"mergedwithprevious", Delimiter::merged_with_previous},
      {"mergedwithnext", Delimiter::merged_with_next},
      {"contiguous", Delimiter::contiguous},
  };
  const std::string text = IG_TRY(node.text_or("Isolated"));
  std::string folded;
  for (const char c : ascii_lower(text)) {
    if (c != '_') folded.push_back(c);
  }
  for (const auto& [name, value] : kNames) {
    if (name == folded) return value;
  }
  return node.fail("is '" + shortened(text, 40) +
                   "'; known are Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous.");
}

Result<PrefixScheme> read_prefix_scheme(const JsonNode& node) {
  const std::string scheme = IG_TRY(node["prepend_scheme"].text_or("always"));
  const bool add = IG_TRY(node["add_prefix_space"].boolean_or(true));
  if (!add || scheme == "never") return PrefixScheme::never;
  if (scheme == "first") return PrefixScheme::first;
  if (scheme == "always") return PrefixScheme::always;
  return node["prepend_scheme"].fail("is '" + shortened(scheme, 40) + "'; known are always, first, never.");
}

namespace {

constexpr int kMaxDepth = 16;

Result<SplitterPtr> read_split(const JsonNode& node) {
  const Delimiter delimiter = IG_TRY(read_delimiter(node["behavior"]));
  const bool invert = IG_TRY(node["invert"].boolean_or(false));
  const JsonNode pattern = node["pattern"];
  if (pattern.has("String")) return literal_splitter(IG_TRY(pattern["String"].text()), delimiter, invert);
  auto splitter = regex_splitter(IG_TRY(pattern["Regex"].text()), delimiter, invert, pattern["Regex"].place());
  if (!splitter) return pattern.fail("is wrong: " + splitter.error().message, file_code(splitter.error()));
  return splitter;
}

Result<SplitterPtr> read_simple(const JsonNode& node, std::string_view type) {
  if (type == "BertPreTokenizer") return bert_splitter();
  if (type == "Whitespace") return word_splitter();
  if (type == "WhitespaceSplit") return white_space_splitter();
  if (type == "Punctuation") return punctuation_splitter(IG_TRY(read_delimiter(node["behavior"])));
  if (type == "Digits") return digits_splitter(IG_TRY(node["individual_digits"].boolean_or(false)));
  if (type == "CharDelimiterSplit") return character_splitter(IG_TRY(read_character(node["delimiter"])));
  if (type == "UnicodeScripts") return scripts_splitter();
  if (type == "FixedLength") {
    const std::uint32_t length = node.has("length") ? IG_TRY(node["length"].number(1u << 30)) : 5;
    if (length == 0) return node["length"].fail("is 0; a word has one character at least.");
    return fixed_length_splitter(length);
  }
  if (type == "Split") return read_split(node);
  if (type == "Metaspace") {
    const bool split = IG_TRY(node["split"].boolean_or(true));
    const char32_t mark = node.has("replacement") ? IG_TRY(read_character(node["replacement"])) : U'\u2581';
    return metaspace_splitter(mark, IG_TRY(read_prefix_scheme(node)), split);
  }
  return node.fail("has the type '" + shortened(type, 60) + "', which this version does not know.", Code::unsupported);
}

Status flatten(const JsonNode& node, int depth, std::vector<JsonNode>& out) {
  if (node.is_null()) return {};
  if (depth > kMaxDepth) return node.fail("is nested too deeply.");
  if (IG_TRY(node["type"].text()) != "Sequence") {
    out.push_back(node);
    return {};
  }
  for (const JsonNode& item : node["pretokenizers"].items()) IG_TRY(flatten(item, depth + 1, out));
  return {};
}

}  // namespace

Result<SplittersRead> read_splitters(const JsonNode& node, bool model_reads_bytes) {
  std::vector<JsonNode> nodes;
  IG_TRY(flatten(node, 0, nodes));
  SplittersRead read;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string type = IG_TRY(nodes[i]["type"].text());
    if (type != "ByteLevel") {
      read.splitters.push_back(IG_TRY(read_simple(nodes[i], type)));
      continue;
    }
    read.raw_bytes = model_reads_bytes && i + 1 == nodes.size();
    ByteLevelRules rules;
    rules.add_prefix_space = IG_TRY(nodes[i]["add_prefix_space"].boolean_or(true));
    rules.use_regex = IG_TRY(nodes[i]["use_regex"].boolean_or(true));
    rules.map = !read.raw_bytes;
    read.splitters.push_back(byte_level_splitter(rules));
  }
  return read;
}

}  // namespace isogloss::tokens
