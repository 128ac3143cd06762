// SPDX-License-Identifier: Apache-2.0
// Viterbi over byte positions, forward, as SentencePiece's EncodeOptimized: best[i] is the best sum that ends at byte i
// and the piece it ends with. From every position the trie is walked once. Whenever no piece found so far reaches beyond
// a position, the best way to it is final: it is written out and the table starts over. Words end there at the latest, so
// the table stays as short as a word and in the first cache level.
#include "tokens/unigram/unigram.hpp"

#include <algorithm>
#include <limits>

#include "core/text.hpp"

namespace isogloss::tokens {
namespace {

constexpr double kUnknownPenalty = 10.0;  // below the lowest score, as in SentencePiece

}  // namespace

Unigram::Unigram(Vocabulary vocabulary, std::vector<double> scores, const std::vector<PieceKind>& kinds,
                 const UnigramRules& rules)
    : vocabulary_(std::move(vocabulary)), scores_(std::move(scores)), rules_(rules) {
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();
  const auto kind_of = [&](std::uint32_t id) { return kinds.empty() ? PieceKind::normal : kinds[id]; };
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id) || kind_of(id) == PieceKind::unmatched) continue;
    keys.emplace_back(vocabulary_.piece(id), id);
    if (kind_of(id) != PieceKind::normal) continue;
    lowest = std::min(lowest, scores_[id]);
    highest = std::max(highest, scores_[id]);
  }
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id) || kind_of(id) != PieceKind::user) continue;
    // SentencePiece: a user's piece beats every path of normal pieces through the same characters.
    scores_[id] = static_cast<double>(static_cast<float>(vocabulary_.piece(id).size()) * static_cast<float>(highest)) - 0.1;
  }
  unknown_score_ = rules_.score_type == ScoreType::f64
                       ? lowest - kUnknownPenalty
                       : static_cast<double>(static_cast<float>(lowest) - static_cast<float>(kUnknownPenalty));
  trie_ = DoubleArray(std::move(keys));
  if (!rules_.byte_fallback) return;
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char piece[] = {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
    byte_pieces_.push_back(vocabulary_.find({piece, 6}));
  }
}

Status Unigram::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  return rules_.score_type == ScoreType::f64 ? encode_as<double>(text, words, out) : encode_as<float>(text, words, out);
}

void Unigram::emit_unknown(std::string_view text, Word span, Pieces& out) const {
  const bool spelled = !byte_pieces_.empty() && std::ranges::all_of(text.substr(span.begin, span.end - span.begin), [&](char c) {
    return byte_pieces_[static_cast<unsigned char>(c)] != PieceTable::kNone;
  });
  if (!spelled) {
    out.push_back({rules_.unknown, span.begin, span.end});
    return;
  }
  for (std::uint32_t at = span.begin; at < span.end; ++at) {
    out.push_back({byte_pieces_[static_cast<unsigned char>(text[at])], span.begin, span.end});
  }
}

template <class Score>
Status Unigram::encode_as(std::string_view text, std::span<const Word> words, Pieces& out) const {
  struct Node {
    Score score;
    std::uint32_t piece;
    std::uint32_t begin;  // kUnreached = no piece ends here yet
  };
  constexpr std::uint32_t kUnreached = 0xFFFFFFFF;
  constexpr bool kRunningSum = std::is_same_v<Score, float>;
  const auto unknown_score = static_cast<Score>(unknown_score_);
  std::vector<Node> best;  // of the positions [settled, settled + size)
  Pieces reversed;
  Score base = 0;
  for (const Word word : words) {
    std::uint32_t settled = word.begin;
    if (!kRunningSum) base = 0;
    std::uint32_t reach = word.begin;  // end of the farthest piece so far
    Score here = base;
    std::uint32_t unknown_begin = kUnreached;  // of a run of unknown characters already settled
    best.clear();
    const auto node = [&](std::uint32_t at) -> Node& {
      const std::size_t index = at - settled;
      if (index >= best.size()) best.resize(index + 1, Node{0, 0, kUnreached});
      return best[index];
    };
    const auto settle = [&](std::uint32_t end) {
      reversed.clear();
      for (std::uint32_t at = end; at > settled;) {
        const Node& now = best[at - settled];
        reversed.push_back({now.piece, now.begin, at});
        at = now.begin;
      }
      for (auto piece = reversed.rbegin(); piece != reversed.rend(); ++piece) {
        if (piece->id == rules_.unknown) {
          if (unknown_begin == kUnreached) unknown_begin = piece->begin;
          continue;
        }
        if (unknown_begin != kUnreached) emit_unknown(text, {unknown_begin, piece->begin}, out);
        unknown_begin = kUnreached;
        out.push_back(*piece);
      }
      settled = end;
      best.clear();
    };
    for (std::uint32_t at = word.begin; at < word.end;) {
      const auto size = static_cast<std::uint32_t>(sequence_size(text[at]));
      bool single = false;
      // SentencePiece adds piece scores in double and keeps the sum in float, unknown scores in float throughout.
      const auto offer = [&](std::uint32_t end, auto score, std::uint32_t piece) {
        Node& target = node(end);
        const auto candidate = score + static_cast<decltype(score)>(here);
        if (target.begin == kUnreached || candidate > static_cast<decltype(score)>(target.score)) {
          target = {static_cast<Score>(candidate), piece, at};
        }
        reach = std::max(reach, end);
      };
      if (!trie_.empty()) {
        DoubleArray::Cursor cursor(trie_);
        for (std::uint32_t end = at; end < word.end && cursor.step(text[end]);) {
          ++end;
          if (!cursor.has_value()) continue;
          const std::uint32_t piece = cursor.value();
          offer(end, scores_[piece], piece);
          single = single || end == at + size;
        }
      }
      if (!single) {
        if (rules_.unknown == PieceTable::kNone) {
          return fail(Code::unsupported, "the character '" + std::string(text.substr(at, size)) +
                                             "' has no piece and the vocabulary no unknown token (unk_id).");
        }
        offer(at + size, unknown_score, rules_.unknown);
      }
      at += size;
      here = node(at).score;
      if (reach == at) settle(at);
    }
    if (unknown_begin != kUnreached) emit_unknown(text, {unknown_begin, word.end}, out);
    base = here;
  }
  return {};
}

}  // namespace isogloss::tokens
