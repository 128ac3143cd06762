// SPDX-License-Identifier: Apache-2.0
#include "tokens/ngram/ngram_tokenizer.hpp"

#include "core/guard.hpp"

namespace isogloss::tokens {
namespace {

constexpr std::string_view kBlanks = std::string_view(" \n\r\t\v\f\0", 7);

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::uint32_t fasttext_hash(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) {
    hash ^= static_cast<std::uint32_t>(static_cast<std::int8_t>(c));
    hash *= 16777619u;
  }
  return hash;
}

// Calls visit(row, begin, end) for every n-gram of "<word>" that has a row; begin and end are its bytes there.
template <class Visit>
void NgramTokenizer::each_ngram(std::string_view word, Visit&& visit) const {
  if (rules_.buckets == 0) return;
  const std::string marked = "<" + std::string(word) + ">";
  for (std::size_t begin = 0; begin < marked.size(); ++begin) {
    if (continues(marked[begin])) continue;
    std::size_t end = begin;
    for (std::uint32_t n = 1; end < marked.size() && n <= rules_.max_length; ++n) {
      do {
        ++end;
      } while (end < marked.size() && continues(marked[end]));
      if (n < rules_.min_length || (n == 1 && (begin == 0 || end == marked.size()))) continue;
      std::uint32_t row = fasttext_hash(std::string_view(marked).substr(begin, end - begin)) % rules_.buckets;
      if (rules_.pruned) {
        const auto kept = rules_.kept.find(row);
        if (kept == rules_.kept.end()) continue;
        row = kept->second;
      }
      visit(static_cast<std::uint32_t>(words_.size()) + row, begin, end);
    }
  }
}

Status NgramTokenizer::encode(std::string_view text, const EncodeOptions& options, Tokens& out) const {
  return guard([&]() -> Status {
    out.clear();
    if (text.size() >= UINT32_MAX) return fail(Code::too_long, "the text has 4 GiB or more. Cut it into parts.");
    for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();) {
      const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      const std::string_view word = text.substr(at, end - at);
      const auto place = [&](std::size_t marked) {  // of a byte of "<word>"
        return static_cast<std::uint32_t>(at + std::min(marked > 0 ? marked - 1 : 0, word.size()));
      };
      if (const std::uint32_t id = words_.find(word); id != PieceTable::kNone) {
        out.ids.push_back(id);
        out.offsets.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      }
      each_ngram(word, [&](std::uint32_t row, std::size_t begin, std::size_t last) {
        out.ids.push_back(row);
        out.offsets.push_back({place(begin), place(last)});
      });
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
      const std::uint32_t row = tokens.ids[i] - static_cast<std::uint32_t>(words_.size());
      for (const std::string& candidate : {piece, "<" + piece, piece + ">", "<" + piece + ">"}) {
        std::uint32_t hash = fasttext_hash(candidate) % rules_.buckets;
        if (rules_.pruned) {
          const auto kept = rules_.kept.find(hash);
          hash = kept == rules_.kept.end() ? rules_.buckets : kept->second;
        }
        if (hash == row) {
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
