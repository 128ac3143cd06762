// SPDX-License-Identifier: Apache-2.0
#include "tokens/ngram/ngram_tokenizer.hpp"

#include "core/guard.hpp"

namespace isogloss::tokens {
namespace {

constexpr std::string_view kBlanks = std::string_view(" \n\r\t\v\f\0", 7);

}  // namespace

NgramTokenizer::NgramTokenizer(Vocabulary words, NgramRules rules)
    : words_(std::move(words)), subwords_(words_.size(), {rules.min_length, rules.max_length, rules.buckets}) {
  if (rules.pruned) subwords_.keep_only(std::move(rules.kept));
}

Status NgramTokenizer::encode(std::string_view text, const EncodeOptions& options, Tokens& out) const {
  return guard([&]() -> Status {
    out.clear();
    if (text.size() >= UINT32_MAX) return fail(Code::too_long, "the text has 4 GiB or more. Cut it into parts.");
    for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      const std::string_view word = text.substr(at, end - at);
      if (const std::uint32_t id = words_.find(word); id != PieceTable::kNone) {
        out.ids.push_back(id);
        out.offsets.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      }
      if (subwords_.has_ngrams()) {
        subwords_.each_ngram(word, [&](const Ngram& gram) {
          std::uint32_t row = 0;
          if (!subwords_.row_of(gram.hash, row)) return;
          out.ids.push_back(row);
          out.offsets.push_back(
              {static_cast<std::uint32_t>(at + gram.begin), static_cast<std::uint32_t>(at + gram.end)});
        });
      }
      at = text.find_first_not_of(kBlanks, end);
    }
    if (options.max_tokens > 0 && out.size() > options.max_tokens) {
      out.cut = out.size() - options.max_tokens;
      const auto front = options.cut_side == CutSide::start ? static_cast<std::ptrdiff_t>(out.cut) : 0;
      const auto keep = [&](auto& values) {
        values.erase(values.begin(), values.begin() + front);
        values.resize(options.max_tokens);
      };
      keep(out.ids);
      keep(out.offsets);
    }
    out.type_ids.resize(out.ids.size());
    out.special.resize(out.ids.size());
    return {};
  });
}

Status NgramTokenizer::encode_pair(std::string_view, std::string_view, const EncodeOptions&, Tokens&) const {
  return fail(Code::unsupported, "character n-grams take one text, not a pair.");
}

Result<std::string> NgramTokenizer::decode(std::span<const std::uint32_t>, const DecodeOptions&) const {
  return fail(Code::unsupported, "hashed n-grams cannot be turned back into text.");
}

std::optional<std::uint32_t> NgramTokenizer::find_piece(std::string_view piece) const {
  const std::uint32_t id = words_.find(piece);
  return id == PieceTable::kNone ? std::nullopt : std::optional(id);
}

std::vector<std::string> NgramTokenizer::pieces(std::string_view text, const Tokens& tokens) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const PieceSpan span = tokens.offsets[i];
    std::string piece(text.substr(span.begin, span.end - span.begin));
    if (tokens.ids[i] >= words_.size()) {
      // An n-gram that touches an end of its word may hold the mark there; the row's hash tells which.
      for (const std::string& candidate : {piece, "<" + piece, piece + ">", "<" + piece + ">"}) {
        std::uint32_t row = 0;
        if (subwords_.row_of(word_hash(candidate), row) && row == tokens.ids[i]) {
          piece = candidate;
          break;
        }
      }
    }
    out.push_back(std::move(piece));
  }
  return out;
}

}  // namespace isogloss::tokens
