// SPDX-License-Identifier: Apache-2.0
// Viterbi over byte positions, forward, as SentencePiece's EncodeOptimized: best[i] is the best sum that ends at byte i
// and the piece it ends with. From every position the trie is walked once. Whenever no piece found so far reaches
// beyond a position, the best way to it is final: it is written out and the table starts over. Words end there at the
// latest, so the table stays as short as a word and in the first cache level.
//
// Most words need no search: those that are a piece and best left whole are known once the vocabulary is, and others
// are remembered (WordCache). In SentencePiece's arithmetic the sum of the whole text before a word takes part in the
// rounding, so there a word counts as known only when no two ways to any of its positions come closer than kSlack, and
// only while the sum is small enough that rounding cannot reach it.
// A U+2581 in front of a word is not written down where the word can do without (encode_unwritten): of T5's time on
// English Wikipedia a quarter went into rewriting the text with marks and the origins of its bytes.
//
// Measured with T5's vocabulary on 20 MB of English Wikipedia on a busy machine, MB per second of CPU, variants in
// turns: marks written 41.5-44.4, not written 52.5-53.0; at another hour 42.4-42.9, with the table of a word's
// positions laid out at once instead of growing and settling inside words 45.0-45.4; at a third 42.9-46.8, with the
// line of the table of words asked for four words ahead 46.6-50.7; at a fourth, on 10 MB and one text after the other,
// median 70.5 and with words as two numbers (ShortWord), asked for eight ahead, and letters skipped 16 at a time 76.2.
#include "tokens/unigram/unigram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tokens/pipeline/word_cache.hpp"

namespace isogloss::tokens {
namespace {

constexpr double kUnknownPenalty = 10.0;  // below the lowest score, as in SentencePiece
constexpr double kSlack = 0.1;
constexpr double kLargestSum = 20'000;  // a float there is rounded to 1/1024; 20 roundings stay well below kSlack
// SentencePiece 0.2.3, probed: where the best sum goes beyond this it is taken off that sum and those ahead of it.
constexpr double kSumTakenOff = 100'000;
constexpr std::string_view kMark = "\xE2\x96\x81";

}  // namespace

Unigram::Unigram(Vocabulary vocabulary, std::vector<double> scores, const std::vector<PieceKind>& kinds,
                 const UnigramRules& rules)
    : vocabulary_(std::move(vocabulary)),
      scores_(std::move(scores)),
      rules_(rules),
      owner_(WordCache::new_owner()),
      body_owner_(WordCache::new_owner()) {
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  double lowest = std::numeric_limits<double>::infinity();
  const auto kind_of = [&](std::uint32_t id) { return kinds.empty() ? PieceKind::normal : kinds[id]; };
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id) || !is_found(kinds, id)) continue;
    keys.emplace_back(vocabulary_.piece(id), id);
    if (kind_of(id) != PieceKind::normal) continue;
    lowest = std::min(lowest, scores_[id]);
  }
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id) || kind_of(id) != PieceKind::user) continue;
    // SentencePiece 0.2.3, probed: a tenth for every byte but the first, whatever the model says.
    scores_[id] = static_cast<double>(static_cast<float>(vocabulary_.piece(id).size()) * 0.1F) - 0.1;
  }
  unknown_score_ = rules_.score_type == ScoreType::f64
                       ? lowest - kUnknownPenalty
                       : static_cast<double>(static_cast<float>(lowest) - static_cast<float>(kUnknownPenalty));
  marks_lead_ =
      std::ranges::all_of(keys, [](const auto& key) { return key.first.find(kMark, 1) == std::string_view::npos; });
  // SentencePiece reads the text as a whole: a run of unknown characters must end in front of every mark.
  const bool has_mark = std::ranges::any_of(keys, [](const auto& key) { return key.first == kMark; });
  words_alone_ = rules_.score_type == ScoreType::f64 || (marks_lead_ && has_mark);
  trie_ = DoubleArray(std::move(keys));
  if (rules_.byte_fallback) {
    bytes_ = BytePieces(vocabulary_, rules_.score_type == ScoreType::f32 ? ByteSpans::last : ByteSpans::whole);
  }
  index_words(kinds);
}

// A run of unknown characters. Pieces of bytes are those of every character on its own.
void Unigram::emit_unknown(std::string_view text, Word span, Pieces& out) const {
  if (!bytes_.spell(text, span, out)) out.push_back({rules_.unknown, span.begin, span.end});
}

// The search through one word at a time.
template <class Score>
class Unigram::Search {
 public:
  Search(const Unigram& model, std::string_view text, Pieces& out)
      : model_(model),
        tracks_(model.rules_.score_type == ScoreType::f32),
        text_(text),
        out_(out),
        cache_(WordCache::of_thread()) {}

  // What was found so far stays the state of another text, which follows.
  void continue_with(std::string_view text) { text_ = text; }
  bool may_be_known() const { return !kRunningSum || std::abs(here_) <= static_cast<Score>(kLargestSum); }
  void add_to_sum(std::span<const Piece> pieces) {
    if constexpr (kRunningSum) {
      for (const Piece& piece : pieces) here_ += static_cast<Score>(model_.scores_[piece.id]);
    }
  }
  void start_sum() {
    if constexpr (!kRunningSum) here_ = 0;
  }
  // The last search can be remembered.
  bool memorable() const { return unknown_begin_ == kUnreached && !met_unknown_ && !(kRunningSum && ambiguous_); }

  // Appends the pieces of a word; unknown characters at its end wait for flush_unknown().
  Status word(Word word) {
    start_sum();
    if (known(word)) return {};
    const std::size_t before = out_.size();
    const bool spelled = unknown_begin_ == kUnreached;
    IG_TRY(search(word));
    if (spelled && memorable()) {
      cache_.put(model_.owner_, bytes(word), std::span(out_).subspan(before));
    }
    return {};
  }

  Status search(Word word) {
    settled_ = word.begin;
    reach_ = word.begin;
    const bool is_short = word.end - word.begin <= kShort;
    best_.assign(is_short ? word.end - word.begin + 1 : 1, kEmpty);
    ambiguous_ = met_unknown_ = false;
    for (std::uint32_t at = word.begin; at < word.end;) {
      const auto size = static_cast<std::uint32_t>(sequence_size(text_[at]));
      if (kRunningSum && std::abs(here_) > static_cast<Score>(kSumTakenOff)) take_off_sum(at);
      if (!offer_pieces(at, at + size, word.end)) {
        if (model_.rules_.unknown == PieceTable::kNone) {
          return fail(Code::unsupported, "the character '" + std::string(text_.substr(at, size)) +
                                             "' has no piece and the vocabulary no unknown token (unk_id).");
        }
        offer(at, at + size, static_cast<Score>(model_.unknown_score_), model_.rules_.unknown);
      }
      at += size;
      here_ = best_[at - settled_].score;
      if (reach_ == at && (!is_short || at == word.end)) settle(at);
    }
    return {};
  }

  void flush_unknown(std::uint32_t end) {
    if (unknown_begin_ != kUnreached) model_.emit_unknown(text_, {unknown_begin_, end}, out_);
    unknown_begin_ = kUnreached;
  }

  bool ambiguous() const { return ambiguous_; }

 private:
  static constexpr bool kRunningSum = std::is_same_v<Score, float>;
  static constexpr std::uint32_t kUnreached = 0xFFFFFFFF;
  struct Node {
    Score score;
    std::uint32_t piece;
    std::uint32_t begin;  // kUnreached = no piece ends here yet
  };
  static constexpr Node kEmpty{-std::numeric_limits<Score>::infinity(), 0, kUnreached};
  static constexpr std::uint32_t kShort = 64;  // bytes of a word whose table is laid out at once and settled at its end

  std::string_view bytes(Word word) const { return text_.substr(word.begin, word.end - word.begin); }

  // Takes a word from what is known of it.
  bool known(Word word) {
    if (!may_be_known()) return false;
    const std::size_t before = out_.size();
    const std::uint32_t id = model_.words_.find(bytes(word));
    if (id != PieceTable::kNone) {
      flush_unknown(word.begin);
      out_.push_back({id, word.begin, word.end});
    } else if (unknown_begin_ != kUnreached || !cache_.find(model_.owner_, bytes(word), word.begin, out_)) {
      return false;
    }
    add_to_sum(std::span(out_).subspan(before));
    return true;
  }

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
    if (index >= best_.size()) best_.resize(index + 1, kEmpty);
    Node& target = best_[index];
    const Score candidate = score + here_;
    if (tracks_ && target.begin != kUnreached) {
      ambiguous_ = ambiguous_ || std::abs(candidate - target.score) < static_cast<Score>(kSlack);
    }
    // A sum of scores can be endless; then the first way stays.
    if (target.begin == kUnreached || candidate > target.score) target = {candidate, piece, begin};
    reach_ = std::max(reach_, end);
  }

  void take_off_sum(std::uint32_t at) {
    for (std::size_t ahead = at - settled_; ahead < best_.size(); ++ahead) {
      if (best_[ahead].begin != kUnreached) best_[ahead].score -= here_;
    }
    here_ = 0;
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
        met_unknown_ = true;
        if (unknown_begin_ == kUnreached) unknown_begin_ = piece->begin;
        continue;
      }
      flush_unknown(piece->begin);
      out_.push_back(*piece);
    }
    settled_ = end;
    best_.assign(1, kEmpty);
  }

  const Unigram& model_;
  const bool tracks_;  // whether ambiguous_ is of interest
  std::string_view text_;
  Pieces& out_;
  WordCache& cache_;
  std::vector<Node> best_;  // of the positions [settled_, settled_ + size)
  Pieces reversed_;
  std::uint32_t settled_ = 0;
  std::uint32_t reach_ = 0;                   // end of the farthest piece so far
  std::uint32_t unknown_begin_ = kUnreached;  // of a run of unknown characters already settled
  Score here_ = 0;                            // best sum up to the current position
  bool ambiguous_ = false;                    // two ways to one place of this word came close
  bool met_unknown_ = false;
};

void Unigram::index_words(const std::vector<PieceKind>& kinds) {
  words_.reserve(vocabulary_.distinct());
  Pieces pieces;
  std::vector<std::pair<std::string, std::uint32_t>> bodies;
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    const bool normal = kinds.empty() || kinds[id] == PieceKind::normal;
    if (!vocabulary_.contains(id) || !normal || vocabulary_.find(vocabulary_.piece(id)) != id) continue;
    const std::string_view piece = vocabulary_.piece(id);
    if (piece.empty() || id == rules_.unknown) continue;
    pieces.clear();
    Search<double> search(*this, piece, pieces);
    if (!search.search({0, static_cast<std::uint32_t>(piece.size())})) continue;
    const bool whole = pieces.size() == 1 && pieces[0].id == id;
    if (!whole || (rules_.score_type == ScoreType::f32 && search.ambiguous())) continue;
    words_.insert(piece, id);
    if (piece.starts_with(kMark)) bodies.emplace_back(piece.substr(kMark.size()), id);
  }
  bodies_.fill(bodies);
}

// Words without the marks that stand in front of them. A word that is not known is written down with its mark and
// searched there; pieces are moved to where they stand in the text.
template <class Score>
class Unigram::MarkedWords {
 public:
  MarkedWords(const Unigram& model, std::string_view text, MarkCovers covers, Pieces& out)
      : model_(model),
        text_(text),
        covers_(covers),
        out_(out),
        cache_(WordCache::of_thread()),
        search_(model, {}, found_) {}

  // All words. The table of bodies is larger than the caches next to the core: its line for a word is asked for some
  // words ahead.
  Status run(std::span<const Word> words) {
    std::array<WordTable::Key, kAhead> keys;
    const char* const end = text_.data() + text_.size();
    const auto ask = [&](std::size_t i) {
      keys[i % kAhead] = WordTable::key(body_of(words[i]), end);
      model_.bodies_.prefetch(keys[i % kAhead]);
    };
    for (std::size_t i = 0; i < std::min(words.size(), kAhead); ++i) ask(i);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const WordTable::Key key = keys[i % kAhead];
      if (i + kAhead < words.size()) ask(i + kAhead);
      IG_TRY(word(words[i], key));
    }
    return {};
  }

 private:
  static constexpr std::size_t kAhead = 8;

  bool has_blank(Word word) const { return text_[word.begin] == ' '; }
  std::string_view body_of(Word word) const {
    const std::uint32_t begin = word.begin + (has_blank(word) ? 1 : 0);
    return text_.substr(begin, word.end - begin);
  }

  Status word(Word word, const WordTable::Key& key) {
    const bool blank = has_blank(word);
    const std::string_view body = body_of(word);
    const std::uint32_t begin = word.begin + (blank ? 1 : 0);
    const bool may_be_known = search_.may_be_known();
    const std::size_t before = out_.size();
    search_.start_sum();
    if (const std::uint32_t id = may_be_known ? model_.bodies_.find(key, body) : PieceTable::kNone;
        id != PieceTable::kNone) {
      out_.push_back({id, word.begin, word.end});
      search_.add_to_sum(std::span(out_).subspan(before));
      if (body.empty()) cover_mark(word, blank, out_.back());
      return {};
    }
    if (may_be_known && cache_.find(model_.body_owner_, body, begin, out_)) {
      search_.add_to_sum(std::span(out_).subspan(before));
    } else {
      IG_TRY(search(body, begin));
      if (search_.memorable()) cache_.put(model_.body_owner_, body, std::span(out_).subspan(before));
    }
    Piece& first = out_[before];
    first.begin = word.begin;
    if (first.end == begin) cover_mark(word, blank, first);  // the mark alone
    return {};
  }

  // Appends the pieces of a body, which begins at `begin`; a mark has no bytes.
  Status search(std::string_view body, std::uint32_t begin) {
    constexpr auto kSize = static_cast<std::uint32_t>(kMark.size());
    written_.assign(kMark).append(body);
    found_.clear();
    search_.continue_with(written_);
    IG_TRY(search_.search({0, static_cast<std::uint32_t>(written_.size())}));
    search_.flush_unknown(static_cast<std::uint32_t>(written_.size()));
    for (const Piece& piece : found_) {
      out_.push_back(
          {piece.id, begin + std::max(piece.begin, kSize) - kSize, begin + std::max(piece.end, kSize) - kSize});
    }
    return {};
  }

  void cover_mark(Word word, bool blank, Piece& piece) const {
    piece.begin = piece.end = word.begin;
    if (blank) {
      ++piece.end;
    } else if (covers_ == MarkCovers::first_character) {
      piece.end += static_cast<std::uint32_t>(sequence_size(text_[word.begin]));
    }
  }

  const Unigram& model_;
  std::string_view text_;
  MarkCovers covers_;
  Pieces& out_;
  WordCache& cache_;
  std::string written_;
  Pieces found_;
  Search<Score> search_;
};

Status Unigram::encode_unwritten(std::string_view text, std::span<const Word> words, MarkCovers covers,
                                 Pieces& out) const {
  if (rules_.score_type == ScoreType::f64) return MarkedWords<double>(*this, text, covers, out).run(words);
  return MarkedWords<float>(*this, text, covers, out).run(words);
}

template <class Score>
Status Unigram::encode_as(std::string_view text, std::span<const Word> words, Pieces& out) const {
  Search<Score> search(*this, text, out);
  for (const Word word : words) {
    std::uint32_t begin = word.begin;
    for (std::size_t mark = begin; marks_lead_ && std::is_same_v<Score, float>;
         begin = static_cast<std::uint32_t>(mark)) {
      mark = text.find(kMark, mark + 1);
      if (mark >= word.end) break;
      IG_TRY(search.word({begin, static_cast<std::uint32_t>(mark)}));
    }
    IG_TRY(search.word({begin, word.end}));
    search.flush_unknown(word.end);
  }
  return {};
}

Status Unigram::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  return rules_.score_type == ScoreType::f64 ? encode_as<double>(text, words, out) : encode_as<float>(text, words, out);
}

}  // namespace isogloss::tokens
