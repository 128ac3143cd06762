// SPDX-License-Identifier: Apache-2.0
#include "tokens/load/tokenizer_json.hpp"

#include <algorithm>

namespace isogloss::tokens {
namespace {

Result<std::vector<AddedToken>> read_added(const JsonNode& node, const Vocabulary& vocabulary) {
  std::vector<AddedToken> added;
  for (const JsonNode& item : node.items()) {
    AddedToken token;
    token.content = IG_TRY(item["content"].text());
    token.id = IG_TRY(item["id"].number(Vocabulary::kMaxId));
    token.single_word = IG_TRY(item["single_word"].boolean_or(false));
    token.left_strip = IG_TRY(item["lstrip"].boolean_or(false));
    token.right_strip = IG_TRY(item["rstrip"].boolean_or(false));
    token.special = IG_TRY(item["special"].boolean_or(false));
    token.normalized = IG_TRY(item["normalized"].boolean_or(!token.special));
    if (token.content.size() > kMaxPieceBytes) return item["content"].fail("is longer than any token may be.");
    if (token.content.empty()) continue;
    if (token.id > 64 * (vocabulary.size() + 1024)) return item["id"].fail("lies far beyond the vocabulary.");
    // A token that the model has as well goes by the model's number.
    if (const std::uint32_t id = vocabulary.find(token.content); id != PieceTable::kNone) token.id = id;
    added.push_back(std::move(token));
  }
  return added;
}

// Ids that are put around a text must be ids of something.
Status check_ids(const JsonNode& node, const TokenizerParts& parts) {
  std::size_t size = parts.model->vocabulary().size();
  for (const AddedToken& token : parts.added) size = std::max<std::size_t>(size, token.id + 1);
  for (const auto* const items : {&parts.sequence.single, &parts.sequence.pair}) {
    for (const TemplateItem& item : *items) {
      for (const std::uint32_t id : item.ids) {
        if (id < size) continue;
        return node.fail("adds the id " + std::to_string(id) + "; the vocabulary and the added tokens end at " +
                         std::to_string(size - 1) + ".");
      }
    }
  }
  return {};
}

}  // namespace

Result<TokenizerParts> read_tokenizer_json(std::string_view json, std::string_view where) {
  const Json document = IG_TRY(Json::parse(json, where));
  const JsonNode root(document, std::string(where));
  TokenizerParts parts;
  parts.type = IG_TRY(read_model_type(root["model"]));
  SplittersRead read = IG_TRY(read_splitters(root["pre_tokenizer"], parts.type == "BPE"));
  parts.splitters = std::move(read.splitters);
  parts.normalizer = IG_TRY(read_normalizer(root["normalizer"]));
  parts.model = IG_TRY(read_model(root["model"], read.raw_bytes));
  parts.added = IG_TRY(read_added(root["added_tokens"], parts.model->vocabulary()));
  parts.sequence = IG_TRY(read_sequence_rules(root["post_processor"]));
  IG_TRY(check_ids(root["post_processor"], parts));
  parts.decoder = IG_TRY(read_decoder(root["decoder"]));
  return parts;
}

}  // namespace isogloss::tokens
