// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/load/merge_line.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/unigram/unigram.hpp"
#include "tokens/word/word_level.hpp"
#include "tokens/wordpiece/wordpiece.hpp"

namespace isogloss::tokens {

Result<std::string> read_model_type(const JsonNode& node) {
  if (!node.value().is_object()) return node.fail("is missing: a tokenizer needs a model.");
  if (node.has("type")) return node["type"].text();
  if (node.has("merges")) return std::string("BPE");
  if (node["vocab"].value().is_array()) return std::string("Unigram");
  if (node.has("max_input_chars_per_word")) return std::string("WordPiece");
  return std::string("WordLevel");
}

Result<Vocabulary> read_vocabulary(const JsonNode& node) {
  if (!node.value().is_object()) return node.fail("is not an object of pieces and ids.");
  Vocabulary vocabulary;
  for (const auto& [piece, id] : node.value().as_object()) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() > Vocabulary::kMaxId) {
      return node.fail("gives the piece '" + shortened(piece, 60) + "' the id " + shortened(id.as_text(), 30) +
                       "; ids are whole numbers from 0 to " + std::to_string(Vocabulary::kMaxId) + ".");
    }
    if (piece.size() > kMaxPieceBytes) {
      return node.fail("has a piece of " + std::to_string(piece.size()) + " bytes; at most " +
                       std::to_string(kMaxPieceBytes) + " are allowed.");
    }
    const auto number = static_cast<std::uint32_t>(id.as_integer());
    // An id far outside would cost memory for all ids below it.
    if (number > 64 * (node.value().as_object().size() + 1024)) {
      return node.fail("gives the piece '" + shortened(piece, 60) + "' the id " + std::to_string(number) +
                       ", far beyond its " + std::to_string(node.value().as_object().size()) + " pieces.");
    }
    vocabulary.add(piece, number);
  }
  return vocabulary;
}

namespace {

Result<std::vector<Merge>> read_merges(const JsonNode& node, const Vocabulary& vocabulary, std::string_view prefix) {
  std::vector<Merge> merges;
  const auto items = node.value().as_array();
  merges.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string_view left;
    std::string_view right;
    if (items[i].is_string()) {
      const std::string_view line = items[i].as_string();
      const std::size_t blank = line.find(' ');
      if (blank == std::string_view::npos || line.find(' ', blank + 1) != std::string_view::npos) {
        return node.fail("has the line '" + shortened(line, 60) + "' at place " + std::to_string(i) +
                         "; a merge is two pieces with a blank between them.");
      }
      left = line.substr(0, blank);
      right = line.substr(blank + 1);
    } else if (const auto pair = items[i].as_array(); pair.size() == 2 && pair[0].is_string() && pair[1].is_string()) {
      left = pair[0].as_string();
      right = pair[1].as_string();
    } else {
      return node.fail("has no pair of pieces at place " + std::to_string(i) + ".");
    }
    const std::string joined =
        std::string(left) + std::string(right.starts_with(prefix) ? right.substr(prefix.size()) : right);
    const std::uint32_t ids[] = {vocabulary.find(left), vocabulary.find(right), vocabulary.find(joined)};
    const std::string_view texts[] = {left, right, joined};
    for (int k = 0; k < 3; ++k) {
      if (ids[k] == PieceTable::kNone) {
        return node.fail("speaks at place " + std::to_string(i) + " of the piece '" + shortened(texts[k], 60) +
                         "', which the vocabulary lacks.");
      }
    }
    merges.push_back({ids[0], ids[1], ids[2], static_cast<std::uint32_t>(i)});
    if (is_cyclic(merges.back())) {
      return node.fail("makes at place " + std::to_string(i) + " of '" + shortened(left, 60) + "' and '" +
                       shortened(right, 60) + "' the piece '" + shortened(joined, 60) + "' again.");
    }
  }
  return merges;
}

// Errors of the model's own checks, with the place.
template <class Model>
Result<std::unique_ptr<const SubwordModel>> placed(const JsonNode& node, Result<std::unique_ptr<Model>> model) {
  if (!model) return node.fail("is unusable: " + model.error().message, model.error().code);
  return std::unique_ptr<const SubwordModel>(std::move(*model));
}

Result<std::unique_ptr<const SubwordModel>> read_bpe(const JsonNode& node, bool byte_level) {
  BpeRules rules;
  rules.unknown = IG_TRY(node["unk_token"].text_or(""));
  rules.continuing_prefix = IG_TRY(node["continuing_subword_prefix"].text_or(""));
  rules.end_suffix = IG_TRY(node["end_of_word_suffix"].text_or(""));
  rules.fuse_unknown = IG_TRY(node["fuse_unk"].boolean_or(false));
  rules.byte_fallback = IG_TRY(node["byte_fallback"].boolean_or(false));
  rules.ignore_merges = IG_TRY(node["ignore_merges"].boolean_or(false));
  rules.byte_level = byte_level;
  Vocabulary vocabulary = IG_TRY(read_vocabulary(node["vocab"]));
  const std::vector<Merge> merges = IG_TRY(read_merges(node["merges"], vocabulary, rules.continuing_prefix));
  return placed(node, Bpe::make(std::move(vocabulary), merges, rules));
}

Result<std::unique_ptr<const SubwordModel>> read_wordpiece(const JsonNode& node) {
  WordPieceRules rules;
  rules.unknown = IG_TRY(node["unk_token"].text_or("[UNK]"));
  rules.continuing_prefix = IG_TRY(node["continuing_subword_prefix"].text_or("##"));
  if (node.has("max_input_chars_per_word")) {
    rules.max_characters = IG_TRY(node["max_input_chars_per_word"].number(1u << 30));
  }
  return placed(node, WordPiece::make(IG_TRY(read_vocabulary(node["vocab"])), rules));
}

// The library's JSON reader does not round a number correctly: it makes a double of all digits, then divides by a power
// of ten (serde_json without float_roundtrip). The last bit decides between equally good ways to cut "------", so the
// scores must be the library's. Files hold shortest digits, so writing the number gives the digits back.
double library_score(double value) {
  std::array<char, 64> text;
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  std::uint64_t digits = 0;
  int exponent = 0;
  bool fraction = false;
  const char* p = text.data();
  for (; p < written.ptr && *p != 'e'; ++p) {
    if (*p == '.') fraction = true;
    if (*p < '0' || *p > '9') continue;
    digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
    exponent -= fraction ? 1 : 0;
  }
  int written_exponent = 0;
  if (p < written.ptr) std::from_chars(p + (p[1] == '+' ? 2 : 1), written.ptr, written_exponent);
  exponent += written_exponent;
  if (exponent > 0 || exponent < -30) return value;
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
                                       1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                       1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30};
  const double magnitude = static_cast<double>(digits) / kPowers[-exponent];
  return std::signbit(value) ? -magnitude : magnitude;
}

Result<std::unique_ptr<const SubwordModel>> read_unigram(const JsonNode& node) {
  const JsonNode pieces = node["vocab"];
  const auto items = pieces.value().as_array();
  if (items.empty()) return pieces.fail("is not a list of pieces with scores.");
  if (items.size() > Vocabulary::kMaxId) return pieces.fail("has too many pieces.");
  Vocabulary vocabulary;
  std::vector<double> scores;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto pair = items[i].as_array();
    if (pair.size() != 2 || !pair[0].is_string() || !pair[1].is_number()) {
      return pieces.fail("has no piece with its score at place " + std::to_string(i) + ".");
    }
    if (pair[0].as_string().size() > kMaxPieceBytes) {
      return pieces.fail("has a piece of " + std::to_string(pair[0].as_string().size()) + " bytes at place " +
                         std::to_string(i) + "; at most " + std::to_string(kMaxPieceBytes) + " are allowed.");
    }
    vocabulary.add(pair[0].as_string(), static_cast<std::uint32_t>(i));
    scores.push_back(library_score(pair[1].as_number()));
  }
  UnigramRules rules;
  if (node.has("unk_id")) rules.unknown = IG_TRY(node["unk_id"].number(static_cast<std::uint32_t>(items.size() - 1)));
  rules.byte_fallback = IG_TRY(node["byte_fallback"].boolean_or(false));
  return std::unique_ptr<const SubwordModel>(
      std::make_unique<Unigram>(std::move(vocabulary), std::move(scores), std::vector<PieceKind>(), rules));
}

}  // namespace

Result<std::unique_ptr<const SubwordModel>> read_model(const JsonNode& node, bool byte_level) {
  const std::string type = IG_TRY(read_model_type(node));
  if (type == "BPE") return read_bpe(node, byte_level);
  if (type == "WordPiece") return read_wordpiece(node);
  if (type == "Unigram") return read_unigram(node);
  if (type == "WordLevel") {
    WordLevelRules rules;
    rules.unknown = IG_TRY(node["unk_token"].text_or("<unk>"));
    return std::unique_ptr<const SubwordModel>(
        std::make_unique<WordLevel>(IG_TRY(read_vocabulary(node["vocab"])), rules));
  }
  return node.fail("has the type '" + shortened(type, 60) + "'; known are BPE, WordPiece, Unigram, WordLevel.",
                   Code::unsupported);
}

}  // namespace isogloss::tokens
