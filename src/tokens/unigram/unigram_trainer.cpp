// SPDX-License-Identifier: Apache-2.0
// Kudo (2018), section 3.2: start from very many substrings, fit their probabilities to the corpus by expectation
// maximisation, throw out those that the likelihood misses least, and again, until few enough are left.
//
//   seeds ──> [ E: expected uses of each piece over all ways to cut every word; M: probabilities from them ] x rounds
//                └──< prune to 3/4 by the loss each piece's absence would cause <──┘      ──> cut to size
//
// E: with a[i] = the sum of the probabilities of all ways to reach byte i of a word, b[i] = to get from there to its
// end, the piece over [i, j) is used a[i] p b[j] / a[end] times per occurrence of the word. Sums run over
// probabilities, not over logarithms: no exp and log per edge. A word of thousands of characters underflows that way,
// so every a[i] carries an exponent of its own in steps of 2^-600. M: digamma instead of the logarithm (Liang and Klein
// 2007), which starves rare pieces; below half a use they go.
//
// Pieces that went between two prunings stay in the trie with probability 0; it is built anew only after a pruning.
// Sums over words are taken in blocks of a fixed number of words and added in the order of the blocks, so that the last
// bit does not depend on the threads.
#include "tokens/unigram/unigram_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"
#include "tokens/pipeline/double_array.hpp"
#include "tokens/pipeline/vocabulary.hpp"
#include "tokens/unigram/seed_pieces.hpp"

namespace isogloss::tokens {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr double kUnknownPenalty = 10;  // below the worst score, in nats
constexpr double kLeastUses = 0.5;
constexpr int kStep = 600;  // of the exponents, in bits
constexpr std::size_t kBlocks = 8;

// The current model: pieces with scores, found in text. Number 0 stands for any character that is no piece.
class PieceModel {
 public:
  explicit PieceModel(ScoredPieces pieces) : pieces_(std::move(pieces)) {
    std::vector<std::pair<std::string_view, std::uint32_t>> keys;
    for (std::uint32_t id = 1; id < pieces_.size(); ++id) keys.emplace_back(pieces_[id].first, id);
    trie_ = DoubleArray(std::move(keys));
    set_unknown();
  }

  std::size_t size() const { return pieces_.size(); }
  std::size_t alive() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pieces_, [](const auto& p) { return p.second > kMinusInfinity; }));
  }
  const std::string& text(std::size_t id) const { return pieces_[id].first; }
  double score(std::size_t id) const { return pieces_[id].second; }
  double lowest() const { return lowest_; }
  bool is_alive(std::size_t id) const { return pieces_[id].second > kMinusInfinity; }

  // New scores by number; minus infinity = gone. (pieces)
  void set_scores(const std::vector<double>& scores) {
    for (std::size_t id = 1; id < pieces_.size(); ++id) pieces_[id].second = scores[id];
    set_unknown();
  }

  double probability(std::size_t id) const { return probabilities_[id]; }

  // Calls found(end, id) for every piece that begins at byte `begin`, shortest first.
  template <class Found>
  void each_piece(std::string_view word, std::size_t begin, Found&& found) const {
    const std::size_t one = sequence_size(word[begin]);
    bool single = false;
    DoubleArray::Cursor cursor(trie_);
    for (std::size_t end = begin; end < word.size() && cursor.step(word[end]);) {
      ++end;
      if (!cursor.has_value()) continue;
      const std::uint32_t id = cursor.value();
      if (!is_alive(id)) continue;
      single = single || end - begin == one;
      found(end, id);
    }
    if (!single) found(begin + one, 0u);
  }

 private:
  void set_unknown() {
    lowest_ = std::numeric_limits<double>::infinity();
    for (std::size_t id = 1; id < pieces_.size(); ++id) {
      if (is_alive(id)) lowest_ = std::min(lowest_, pieces_[id].second);
    }
    pieces_[0].second = lowest_ - kUnknownPenalty;
    probabilities_.resize(pieces_.size());
    for (std::size_t id = 0; id < pieces_.size(); ++id) probabilities_[id] = std::exp(pieces_[id].second);
  }

  ScoredPieces pieces_;
  std::vector<double> probabilities_;
  DoubleArray trie_;
  double lowest_ = 0;
};

// A probability times 2^(kStep * steps).
struct Scaled {
  double value = 0;
  int steps = 0;

  void add(const Scaled& from, double factor) {
    const double term = from.value * factor;
    if (value == 0 || from.steps == steps) {
      steps = value == 0 ? from.steps : steps;
      value += term;
    } else if (from.steps > steps) {
      value += std::ldexp(term, -kStep * (from.steps - steps));
    } else {
      value = std::ldexp(value, -kStep * (steps - from.steps)) + term;
      steps = from.steps;
    }
  }
  void normalise() {
    if (value == 0 || value >= 0x1p-600) return;
    value = std::ldexp(value, kStep);
    ++steps;
  }
};

struct Edge {
  std::uint32_t begin;
  std::uint32_t end;
  std::uint32_t id;
};

// All ways to cut one word. Holds its memory for reuse.
class Lattice {
 public:
  // Adds the expected uses of every piece, times `count`. (pieces)
  void add_expected(const PieceModel& model, std::string_view word, double count, std::vector<double>& uses) {
    forward_.assign(word.size() + 1, {});
    backward_.assign(word.size() + 1, {});
    edges_.clear();
    forward_[0].value = 1;
    for (std::size_t begin = 0; begin < word.size(); begin += sequence_size(word[begin])) {
      forward_[begin].normalise();
      if (forward_[begin].value == 0) continue;
      model.each_piece(word, begin, [&](std::size_t end, std::uint32_t id) {
        edges_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), id});
        forward_[end].add(forward_[begin], model.probability(id));
      });
    }
    backward_[word.size()].value = 1;
    for (std::size_t i = edges_.size(); i-- > 0;) {
      // All edges that leave the place behind have been added to it.
      if (i + 1 < edges_.size() && edges_[i].begin != edges_[i + 1].begin) backward_[edges_[i + 1].begin].normalise();
      backward_[edges_[i].begin].add(backward_[edges_[i].end], model.probability(edges_[i].id));
    }
    const Scaled& all = forward_[word.size()];
    const double each = count / all.value;
    for (const Edge& edge : edges_) {
      const Scaled& before = forward_[edge.begin];
      const Scaled& behind = backward_[edge.end];
      double term = before.value * model.probability(edge.id) * behind.value * each;
      const int steps = before.steps + behind.steps - all.steps;
      if (steps != 0) term = std::ldexp(term, -kStep * steps);
      uses[edge.id] += term;
    }
  }

  // Replaces `out` by the ids of the best way to cut `word`; the piece over all of it is left out when `split` says so.
  // False when there is none. `score` = its sum.
  bool best(const PieceModel& model, std::string_view word, bool split, std::vector<std::uint32_t>& out,
            double& score) {
    best_.assign(word.size() + 1, {});
    best_[0].score = 0;
    for (std::size_t begin = 0; begin < word.size(); begin += sequence_size(word[begin])) {
      const double before = best_[begin].score;
      if (before == kMinusInfinity) continue;
      model.each_piece(word, begin, [&](std::size_t end, std::uint32_t id) {
        if (split && end - begin == word.size()) return;
        const double sum = before + model.score(id);
        if (sum > best_[end].score) best_[end] = {sum, static_cast<std::uint32_t>(begin), id};
      });
    }
    out.clear();
    score = best_[word.size()].score;
    if (score == kMinusInfinity) return false;
    for (std::size_t end = word.size(); end > 0; end = best_[end].begin) out.push_back(best_[end].id);
    std::ranges::reverse(out);
    return true;
  }

 private:
  struct Step {
    double score = kMinusInfinity;
    std::uint32_t begin = 0;
    std::uint32_t id = 0;
  };
  std::vector<Scaled> forward_;   // (bytes + 1)
  std::vector<Scaled> backward_;  // (bytes + 1)
  std::vector<Edge> edges_;
  std::vector<Step> best_;  // (bytes + 1)
};

class UnigramTrainer {
 public:
  UnigramTrainer(const WordCounts& words, const UnigramTraining& training, Context& context)
      : words_(words),
        training_(training),
        context_(context),
        order_(words.ranked()),
        goal_(training.vocabulary_size * 11 / 10) {}

  Result<ScoredPieces> run() {
    const std::vector<std::string> required = required_characters();
    const std::size_t least = required.size() + training_.special_tokens.size();
    if (least > training_.vocabulary_size) return fail(too_small(required.size()));
    if (words_.text_bytes() + words_.size() >= UINT32_MAX) return fail(too_long());
    ScoredPieces seeds = {{std::string(), 0}};
    for (auto& seed : seed_pieces(words_, order_, training_, context_)) seeds.push_back(std::move(seed));
    const auto start = static_cast<double>(seeds.size());
    PieceModel model(std::move(seeds));
    while (true) {
      for (std::size_t round = 0; round < training_.rounds; ++round) {
        IG_TRY(context_.check());
        maximise(model, expect(model));
      }
      const std::size_t alive = model.alive();
      context_.report({"prune", "pieces", start - static_cast<double>(alive), start - static_cast<double>(goal_), 0});
      if (alive <= goal_) break;
      IG_TRY(context_.check());
      ScoredPieces kept = prune(model);
      if (kept.size() >= alive) break;  // nothing left that could go
      model = PieceModel(std::move(kept));
    }
    return finish(model, required);
  }

 private:
  Error too_small(std::size_t characters) const {
    return {Code::invalid_argument, "a vocabulary of " + std::to_string(training_.vocabulary_size) +
                                        " pieces is too small: the " + counted(characters, "character") +
                                        " of the text and " +
                                        counted(training_.special_tokens.size(), "special token") +
                                        " need a piece each. Ask for a larger one (--vocab-size)."};
  }

  Error too_long() const {
    return {Code::exhausted,
            "the distinct words have " + human_bytes(static_cast<double>(words_.text_bytes())) +
                " together; a unigram model is trained on less than 4 GB. Keep fewer (--max-words) or cut the text "
                "into shorter words (--pre metaspace)."};
  }

  // By code point.
  std::vector<std::string> required_characters() const {
    std::vector<bool> seen(0x110000, false);
    for (std::size_t w = 0; w < words_.size(); ++w) {
      const std::string_view word = words_.word(w);
      for (std::size_t at = 0; at < word.size(); at += sequence_size(word[at]))
        seen[read_code_point(word.data() + at)] = true;
    }
    for (const char32_t c : training_.initial_alphabet) seen[c] = true;
    std::vector<std::string> out;
    for (char32_t c = 0; c < seen.size(); ++c) {
      if (!seen[c]) continue;
      out.emplace_back();
      utf8_append(out.back(), c);
    }
    return out;
  }

  // Sums body(lattice, word, count, sums) over all words. (pieces)
  template <class Body>
  std::vector<double> sum_over_words(std::size_t pieces, Body&& body) const {
    std::vector<std::vector<double>> sums(kBlocks);
    parallel_for(context_, kBlocks, 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t block = first; block < last; ++block) {
        sums[block].assign(pieces, 0.0);
        Lattice lattice;
        // Every kBlocks-th word, so that frequent and rare ones are spread evenly.
        for (std::size_t i = block; i < order_.size(); i += kBlocks) {
          body(lattice, words_.word(order_[i]), static_cast<double>(words_.count(order_[i])), sums[block]);
        }
      }
    });
    for (std::size_t block = 1; block < kBlocks; ++block) {
      for (std::size_t id = 0; id < pieces; ++id) sums[0][id] += sums[block][id];
    }
    return std::move(sums[0]);
  }

  std::vector<double> expect(const PieceModel& model) const {
    return sum_over_words(model.size(),
                          [&](Lattice& lattice, std::string_view word, double count, std::vector<double>& uses) {
                            lattice.add_expected(model, word, count, uses);
                          });
  }

  static void maximise(PieceModel& model, const std::vector<double>& uses) {
    double sum = 0;
    for (std::size_t id = 1; id < uses.size(); ++id) sum += uses[id] < kLeastUses ? 0 : uses[id];
    const double all = digamma(sum);
    std::vector<double> scores(uses.size(), kMinusInfinity);
    for (std::size_t id = 1; id < uses.size(); ++id) {
      if (uses[id] >= kLeastUses) scores[id] = digamma(uses[id]) - all;
    }
    model.set_scores(scores);
  }

  // What a piece would be cut into without it; empty where the best way is not the piece itself or there is no other.
  struct Alternative {
    std::vector<std::uint32_t> ids;
    bool keep = true;  // used or not
  };
  Alternative alternative(const PieceModel& model, Lattice& lattice, std::uint32_t id) const {
    Alternative out;
    double score = 0;
    if (!lattice.best(model, model.text(id), true, out.ids, score)) return out;
    if (score > model.score(id)) return {{}, false};
    return out;
  }

  // The loss of likelihood per word when a piece is replaced by its alternative, section 3.2 of the paper; but where
  // the paper adds the uses of the pieces in the alternative to the sum, the library's trainer (up to 0.23) adds so
  // many as there are pieces in the model. That keeps more of the pieces that are used often: with the paper's sum,
  // held-out text takes more tokens (enwiki18m 3.5 MB, 8,000 pieces: 0.16 %; 50 MB, 30,000: 0.05 %; Tatoeba,
  // 12,000: 1.0 %).
  static double loss(const std::vector<double>& uses, double sum, double words, double pieces, std::uint32_t id,
                     const std::vector<std::uint32_t>& ids) {
    const double rest = std::log(sum + uses[id] * (pieces - 1));
    double without = 0;
    for (const std::uint32_t other : ids) without += std::log(uses[other] + uses[id]) - rest;
    return uses[id] / words * (std::log(uses[id]) - std::log(sum) - without);
  }

  ScoredPieces prune(const PieceModel& model) const {
    const std::vector<double> uses = sum_over_words(
        model.size(), [&model](Lattice& lattice, std::string_view word, double count, std::vector<double>& sums) {
          thread_local std::vector<std::uint32_t> ids;
          double score = 0;
          if (!lattice.best(model, word, false, ids, score)) return;
          for (const std::uint32_t id : ids) sums[id] += count;
        });
    const double sum = std::accumulate(uses.begin(), uses.end(), 0.0);
    const auto words = static_cast<double>(words_.total());
    const auto pieces = static_cast<double>(model.alive());
    constexpr double kStays = std::numeric_limits<double>::infinity();
    std::vector<double> losses(model.size(), kMinusInfinity);  // minus infinity = goes
    parallel_for(context_, model.size(), 4096, [&](std::size_t first, std::size_t last) {
      Lattice lattice;
      for (std::size_t at = std::max<std::size_t>(1, first); at < last; ++at) {
        const auto id = static_cast<std::uint32_t>(at);
        if (!model.is_alive(id)) continue;
        const Alternative other = alternative(model, lattice, id);
        if (uses[id] == 0 && !other.keep) continue;
        if (other.ids.empty())
          losses[id] = kStays;
        else if (uses[id] > 0)
          losses[id] = loss(uses, sum, words, pieces, id, other.ids);
      }
    });
    return keep_best(model, losses);
  }

  // The pieces in the order of their loss, first those that must stay: finish() cuts at the end.
  ScoredPieces keep_best(const PieceModel& model, const std::vector<double>& losses) const {
    std::vector<std::uint32_t> order;
    for (std::uint32_t id = 1; id < model.size(); ++id) {
      if (losses[id] > kMinusInfinity) order.push_back(id);
    }
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return losses[a] > losses[b]; });
    const auto shrunk = static_cast<std::size_t>(static_cast<double>(model.alive()) * training_.shrink);
    const std::size_t wanted = std::max(goal_, shrunk);
    ScoredPieces out = {{std::string(), 0}};
    for (const std::uint32_t id : order) {
      if (out.size() >= wanted && losses[id] < std::numeric_limits<double>::infinity()) break;
      out.emplace_back(model.text(id), model.score(id));
    }
    return out;
  }

  ScoredPieces finish(const PieceModel& model, const std::vector<std::string>& required) const {
    PieceTable numbers;
    for (std::uint32_t id = 1; id < model.size(); ++id) {
      if (model.is_alive(id)) numbers.insert(model.text(id), id);
    }
    PieceTable taken;
    for (const std::string& token : training_.special_tokens) taken.insert(token, 0);
    ScoredPieces pieces;
    double raise = 0;  // characters that were pruned come back below all others, each a little above the one before
    for (const std::string& c : required) {
      const std::uint32_t id = numbers.find(c);
      pieces.emplace_back(c, id != PieceTable::kNone ? model.score(id) : model.lowest() + raise);
      if (id == PieceTable::kNone) raise += 0.0001;
      taken.insert(c, 0);
    }
    const std::size_t room = training_.vocabulary_size - training_.special_tokens.size();
    for (std::uint32_t id = 1; id < model.size() && pieces.size() < room; ++id) {
      if (!model.is_alive(id) || taken.find(model.text(id)) != PieceTable::kNone) continue;
      pieces.emplace_back(model.text(id), model.score(id));
    }
    std::ranges::stable_sort(pieces, [](const auto& a, const auto& b) { return a.second > b.second; });
    ScoredPieces out;
    for (const std::string& token : training_.special_tokens) out.emplace_back(token, 0.0);
    out.insert(out.end(), std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
    return out;
  }

  const WordCounts& words_;
  const UnigramTraining& training_;
  Context& context_;
  std::vector<std::uint32_t> order_;  // (words) ranked
  std::size_t goal_;                  // pieces at which pruning ends, a tenth above the vocabulary
};

}  // namespace

Result<ScoredPieces> train_unigram(const WordCounts& words, const UnigramTraining& training, Context& context) {
  return UnigramTrainer(words, training, context).run();
}

}  // namespace isogloss::tokens
