// SPDX-License-Identifier: Apache-2.0
// Rank files of tiktoken. A pair of pieces may be joined when the joined bytes have a rank; that is a merge for every way
// to cut a piece in two pieces. The files hold neither the pattern nor the special tokens: those of the four published
// encodings (tiktoken 0.14, openai_public.py) are known by the number of ranks.
#include <algorithm>
#include <charconv>

#include "core/text.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/load/base64.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"
#include "tokens/split/known_patterns.hpp"

namespace isogloss::tokens {
namespace {

struct Special {
  std::string_view content;
  std::uint32_t id;
};
struct Encoding {
  std::string_view name;
  std::size_t ranks;
  std::string_view pattern;  // name of a known pattern
  std::vector<Special> special;
};

const std::vector<Encoding>& encodings() {
  static const std::vector<Encoding> kEncodings = {
      {"r50k_base", 50256, "r50k", {{"<|endoftext|>", 50256}}},
      {"p50k_base", 50280, "r50k", {{"<|endoftext|>", 50256}}},
      {"cl100k_base",
       100256,
       "cl100k",
       {{"<|endoftext|>", 100257},
        {"<|fim_prefix|>", 100258},
        {"<|fim_middle|>", 100259},
        {"<|fim_suffix|>", 100260},
        {"<|endofprompt|>", 100276}}},
      {"o200k_base", 199998, "o200k", {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
  };
  return kEncodings;
}

struct Ranks {
  PieceTable ids;  // bytes -> rank
  Vocabulary vocabulary;
  std::vector<std::pair<std::string, std::uint32_t>> pieces;
};

Result<Ranks> read_ranks(std::string_view text, std::string_view where) {
  Ranks ranks;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::size_t blank = line.find(' ');
    const auto bytes = base64_decode(line.substr(0, std::min(blank, line.size())));
    std::uint32_t rank = 0;
    const std::string_view digits = blank == std::string_view::npos ? std::string_view() : trim(line.substr(blank + 1));
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
    if (!bytes || bytes->empty() || bytes->size() > kMaxPieceBytes || digits.empty() || parsed.ec != std::errc() ||
        parsed.ptr != digits.data() + digits.size() || rank > Vocabulary::kMaxId || rank > 64 * (number + 1024)) {
      return fail(Code::corrupt_data, std::string(where) + ": line " + std::to_string(number) + ", '" + shortened(line, 60) +
                                          "', is not the base64 of a piece, a blank and its rank.");
    }
    ranks.ids.insert(*bytes, rank);
    ranks.vocabulary.add(bytes_to_alphabet(*bytes), rank);
    ranks.pieces.emplace_back(*bytes, rank);
  }
  return ranks;
}

std::vector<Merge> merges_of(const Ranks& ranks) {
  std::vector<Merge> merges;
  for (const auto& [bytes, rank] : ranks.pieces) {
    const std::string_view piece = bytes;
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const std::uint32_t left = ranks.ids.find(piece.substr(0, cut));
      const std::uint32_t right = left == PieceTable::kNone ? left : ranks.ids.find(piece.substr(cut));
      if (right != PieceTable::kNone) merges.push_back({left, right, rank, rank});
    }
  }
  return merges;
}

}  // namespace

Result<TokenizerParts> read_tiktoken_ranks(std::string_view text, std::string_view where) {
  Ranks ranks = IG_TRY(read_ranks(text, where));
  const auto encoding = std::ranges::find(encodings(), ranks.pieces.size(), &Encoding::ranks);
  if (encoding == encodings().end()) {
    return fail(Code::unsupported, std::string(where) + " has " + std::to_string(ranks.pieces.size()) +
                                       " ranks, which is none of r50k_base, p50k_base, cl100k_base, o200k_base. A rank file does not say how text "
                                       "is split; convert it to a tokenizer.json.");
  }
  TokenizerParts parts;
  parts.type = "BPE";
  parts.splitters.push_back(known_pattern_splitter(known_pattern(encoding->pattern)));
  for (const Special& special : encoding->special) {
    parts.added.push_back(special_token(special.content, special.id));
  }
  const std::vector<Merge> merges = merges_of(ranks);
  BpeRules rules;
  rules.byte_level = true;
  rules.ignore_merges = true;
  parts.model = IG_TRY(Bpe::make(std::move(ranks.vocabulary), merges, rules));
  parts.decoder = byte_level_decoder();
  return parts;
}

}  // namespace isogloss::tokens
