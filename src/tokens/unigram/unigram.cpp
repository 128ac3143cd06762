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

// The search through one word at a time.
template <class Score>
class Unigram::Search {
 public:
  Search(const Unigram& model, std::string_view text, Pieces& out) : model_(model), text_(text), out_(out) {}

  Status word(Word word) {
    settled_ = word.begin;
    reach_ = word.begin;
    best_.clear();
    if constexpr (std::is_same_v<Score, double>) here_ = 0;  // SentencePiece's sum runs on
    for (std::uint32_t at = word.begin; at < word.end;) {
      const auto size = static_cast<std::uint32_t>(sequence_size(text_[at]));
      if (!offer_pieces(at, at + size, word.end)) {
        if (model_.rules_.unknown == PieceTable::kNone) {
          return fail(Code::unsupported, "the character '" + std::string(text_.substr(at, size)) +
                                             "' has no piece and the vocabulary no unknown token (unk_id).");
        }
        offer(at, at + size, static_cast<Score>(model_.unknown_score_), model_.rules_.unknown);
      }
      at += size;
      here_ = best_[at - settled_].score;
      if (reach_ == at) settle(at);
    }
    flush_unknown(word.end);
    return {};
  }

 private:
  static constexpr std::uint32_t kUnreached = 0xFFFFFFFF;
  struct Node {
    Score score;
    std::uint32_t piece;
    std::uint32_t begin;  // kUnreached = no piece ends here yet
  };

  // Every piece that starts at `at`; whether one of them is the single character that ends at `single_end`.
  bool offer_pieces(std::uint32_t at, std::uint32_t single_end, std::uint32_t word_end) {
    if (model_.trie_.empty()) return false;
    bool single = false;
    DoubleArray::Cursor cursor(model_.trie_);
    for (std::uint32_t end = at; end < word_end && cursor.step(text_[end]);) {
      ++end;
      if (!cursor.has_value()) continue;
      const std::uint32_t piece = cursor.value();
      offer(at, end, static_cast<Score>(model_.scores_[piece]), piece);
      single = single || end == single_end;
    }
    return single;
  }

  void offer(std::uint32_t begin, std::uint32_t end, Score score, std::uint32_t piece) {
    const std::size_t index = end - settled_;
    if (index >= best_.size()) best_.resize(index + 1, Node{0, 0, kUnreached});
    Node& target = best_[index];
    const Score candidate = score + here_;
    if (target.begin == kUnreached || candidate > target.score) target = {candidate, piece, begin};
    reach_ = std::max(reach_, end);
  }

  // Writes out the best way to `end` and starts over behind it.
  void settle(std::uint32_t end) {
    reversed_.clear();
    for (std::uint32_t at = end; at > settled_;) {
      const Node& now = best_[at - settled_];
      reversed_.push_back({now.piece, now.begin, at});
      at = now.begin;
    }
    for (auto piece = reversed_.rbegin(); piece != reversed_.rend(); ++piece) {
      if (piece->id == model_.rules_.unknown) {
        if (unknown_begin_ == kUnreached) unknown_begin_ = piece->begin;
        continue;
      }
      flush_unknown(piece->begin);
      out_.push_back(*piece);
    }
    settled_ = end;
    best_.clear();
  }

  void flush_unknown(std::uint32_t end) {
    if (unknown_begin_ != kUnreached) model_.emit_unknown(text_, {unknown_begin_, end}, out_);
    unknown_begin_ = kUnreached;
  }

  const Unigram& model_;
  std::string_view text_;
  Pieces& out_;
  std::vector<Node> best_;  // of the positions [settled_, settled_ + size)
  Pieces reversed_;
  std::uint32_t settled_ = 0;
  std::uint32_t reach_ = 0;  // end of the farthest piece so far
  std::uint32_t unknown_begin_ = kUnreached;  // of a run of unknown characters already settled
  Score here_ = 0;                            // best sum up to the current position
};

template <class Score>
Status Unigram::encode_as(std::string_view text, std::span<const Word> words, Pieces& out) const {
  Search<Score> search(*this, text, out);
  for (const Word word : words) IG_TRY(search.word(word));
  return {};
}

Status Unigram::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  return rules_.score_type == ScoreType::f64 ? encode_as<double>(text, words, out) : encode_as<float>(text, words, out);
}

}  // namespace isogloss::tokens
