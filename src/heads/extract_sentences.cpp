// SPDX-License-Identifier: Apache-2.0
// Choosing sentences by query coverage and novelty.
//
// Every question term t has a weight w(t) (its inverse document frequency). The coverage of a text is the share of the
// question's weight whose terms it holds:  c(x) = sum_{t in q and x} w(t) / sum_{t in q} w(t).
// A sentence scores  a * c(sentence with its neighbours at half weight) + b * c(passage) + d / rank + e * [it has what
// the question asks for: a number for "when" or "how many", a new name for "who"]. Sentences are taken greedily while
// each adds coverage that those before it lack.
//
// The confidence is a logistic function of what supports the best sentence (Evidence).
#include "heads/extract_sentences.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/text.hpp"

namespace isogloss::heads {
namespace {

constexpr double kSentence = 0.55, kNeighbour = 0.15, kPassage = 0.30, kRank = 0.15, kAnswerType = 0.12;
constexpr double kLeastNews = 0.12;   // coverage a further sentence must add
constexpr double kLeastShare = 0.55;  // of the first sentence's score

// Confidence = 1 / (1 + exp(-(bias + sum_i weight_i * feature_i))); fitted on 1,130 questions of XQuAD, each
// with and without its paragraph (tests/quality/ask_xquad.py calibrate).
struct Model {
  double bias, sentence, around, passage, gap, uncovered, names, pairs;
};
constexpr Model kModel{-7.255, 1.929, 2.637, 3.464, 3.138, 1.261, 1.253, 1.003};

enum class Asks { anything, number, name };

Asks what_is_asked(std::string_view question) {
  const std::string lower = " " + ascii_lower(question) + " ";
  for (const std::string_view word :
       {" when ", " what year", " which year", " how many ", " how much ", " how long ", " how old ", " how far ",
        " how often ", " what date", " what percentage", " what number", " how high ", " how large "}) {
    if (lower.find(word) != std::string::npos) return Asks::number;
  }
  for (const std::string_view word : {" who ", " whose ", " whom ", " who's "}) {
    if (lower.find(word) != std::string::npos) return Asks::name;
  }
  return Asks::anything;
}

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }

// A capitalised word, not the first, that the question does not hold.
bool has_new_name(std::string_view sentence, std::string_view question) {
  const std::string asked = ascii_lower(question);
  for (std::size_t i = 1; i + 1 < sentence.size(); ++i) {
    if (sentence[i - 1] != ' ' || sentence[i] < 'A' || sentence[i] > 'Z') continue;
    const std::size_t end = std::min(sentence.find_first_of(" ,.;:!?)\"'", i), sentence.size());
    if (end - i > 1 && asked.find(ascii_lower(sentence.substr(i, end - i))) == std::string::npos) return true;
  }
  return false;
}

struct Question {
  std::vector<std::string> terms;  // without repetition
  std::vector<double> weights;
  double total = 0;
  Asks asks = Asks::anything;
};

class Extractor {
 public:
  Extractor(std::string_view question, std::span<const Passage> passages, const Terms& terms, const TermWeight& weight)
      : text_(question), passages_(passages), terms_(terms) {
    question_.asks = what_is_asked(question);
    for (std::string& term : terms(question)) {
      if (std::find(question_.terms.begin(), question_.terms.end(), term) != question_.terms.end()) continue;
      question_.weights.push_back(weight(term));
      question_.total += question_.weights.back();
      question_.terms.push_back(std::move(term));
    }
  }

  Extraction run(const ExtractOptions& options) {
    Extraction out;
    if (question_.total <= 0) return out;
    for (std::size_t p = 0; p < passages_.size(); ++p) score_passage(p);
    out.sentences = choose(options);
    if (out.sentences.empty()) return out;
    out.evidence = evidence(out.sentences.front());
    out.confidence = confidence(out.evidence);
    return out;
  }

 private:
  using Held = std::vector<bool>;  // (question terms)

  Held held_by(std::string_view text) const {
    Held held(question_.terms.size(), false);
    for (const std::string& term : terms_(text)) {
      const auto it = std::find(question_.terms.begin(), question_.terms.end(), term);
      if (it != question_.terms.end()) held[static_cast<std::size_t>(it - question_.terms.begin())] = true;
    }
    return held;
  }

  double coverage(const Held& held) const {
    double sum = 0;
    for (std::size_t i = 0; i < held.size(); ++i) sum += held[i] ? question_.weights[i] : 0;
    return sum / question_.total;
  }

  static Held joined(const Held& a, const Held& b) {
    Held out = a;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = out[i] || b[i];
    return out;
  }

  void score_passage(std::size_t p) {
    const Passage& passage = passages_[p];
    std::vector<Held> held;
    Held whole = held_by(passage.heading);
    for (const Span& s : passage.sentences) {
      held.push_back(held_by(passage.text.substr(s.begin, s.size())));
      whole = joined(whole, held.back());
    }
    const double passage_coverage = coverage(whole);
    best_passage_.push_back(passage_coverage);
    whole_.push_back(whole);
    for (std::size_t i = 0; i < held.size(); ++i) {
      Held around = held[i];
      if (i > 0) around = joined(around, held[i - 1]);
      if (i + 1 < held.size()) around = joined(around, held[i + 1]);
      const Span& s = passage.sentences[i];
      const std::string_view text = passage.text.substr(s.begin, s.size());
      const bool fits = (question_.asks == Asks::number && has_digit(text)) ||
                        (question_.asks == Asks::name && has_new_name(text, text_));
      const double own = coverage(held[i]);
      const double score = kSentence * own + kNeighbour * coverage(around) + kPassage * passage_coverage +
                           kRank / static_cast<double>(p + 1) + (fits && own > 0 ? kAnswerType : 0);
      candidates_.push_back({{p, i, score}, held[i], own, coverage(around)});
    }
  }

  struct Candidate {
    ExtractedSentence sentence;
    Held held;
    double own = 0;
    double around = 0;
  };

  std::vector<ExtractedSentence> choose(const ExtractOptions& options) {
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.sentence.score > b.sentence.score; });
    std::vector<ExtractedSentence> out;
    Held covered(question_.terms.size(), false);
    for (const Candidate& candidate : candidates_) {
      if (out.size() == options.sentences || candidate.own <= 0) continue;
      const Held with = joined(covered, candidate.held);
      const double news = coverage(with) - coverage(covered);
      if (!out.empty() && (news < kLeastNews || candidate.sentence.score < kLeastShare * out.front().score)) continue;
      out.push_back(candidate.sentence);
      covered = with;
    }
    return out;
  }

  const Candidate& candidate_of(const ExtractedSentence& best) const {
    return *std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& c) {
      return c.sentence.passage == best.passage && c.sentence.sentence == best.sentence;
    });
  }

  Evidence evidence(const ExtractedSentence& best) const {
    Evidence out;
    const Candidate& candidate = candidate_of(best);
    out.sentence = candidate.own;
    out.around = candidate.around;
    out.passage = best_passage_[best.passage];
    std::vector<double> sorted = best_passage_;
    std::sort(sorted.rbegin(), sorted.rend());
    out.gap = sorted.size() > 1 ? sorted[0] - sorted[1] : sorted[0];
    double heaviest = 0, missing = 0;
    const Held& whole = whole_[best.passage];
    for (std::size_t i = 0; i < whole.size(); ++i) {
      heaviest = std::max(heaviest, question_.weights[i]);
      if (!whole[i]) missing = std::max(missing, question_.weights[i]);
    }
    out.uncovered = heaviest > 0 ? missing / heaviest : 1;
    out.names = names_held(passages_[best.passage]);
    out.pairs = pairs_held(best.passage);
    return out;
  }

  // Capitalised words (but the first) and numbers of the question, and whether the passage or its heading has them.
  double names_held(const Passage& passage) const {
    double names = 0, held = 0;
    bool first = true;
    for (const std::string_view raw : split(text_, ' ')) {
      const std::string_view word = raw.substr(0, raw.find_last_not_of(".,;:!?)\"'") + 1);
      const bool name = !word.empty() && ((word[0] >= 'A' && word[0] <= 'Z' && !first) || has_digit(word));
      first = false;
      if (!name) continue;
      ++names;
      held += passage.text.find(word) != std::string_view::npos || passage.heading.find(word) != std::string_view::npos;
    }
    return names == 0 ? 1 : held / names;
  }

  double pairs_held(std::size_t passage) const {
    double pairs = 0, held = 0;
    for (std::size_t i = 0; i + 1 < question_.terms.size(); ++i) {
      ++pairs;
      held += std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& c) {
        return c.sentence.passage == passage && c.held[i] && c.held[i + 1];
      });
    }
    return pairs == 0 ? 1 : held / pairs;
  }

  static double confidence(const Evidence& e) {
    const double z = kModel.bias + kModel.sentence * e.sentence + kModel.around * e.around +
                     kModel.passage * e.passage + kModel.gap * e.gap + kModel.uncovered * e.uncovered +
                     kModel.names * e.names + kModel.pairs * e.pairs;
    return 1.0 / (1.0 + std::exp(-z));
  }

  std::string_view text_;
  std::span<const Passage> passages_;
  const Terms& terms_;
  Question question_;
  std::vector<Candidate> candidates_;
  std::vector<double> best_passage_;  // (passages) coverage
  std::vector<Held> whole_;           // (passages) terms held, heading included
};

}  // namespace

Extraction extract_sentences(std::string_view question, std::span<const Passage> passages,
                             const ExtractOptions& options, const Terms& terms, const TermWeight& weight) {
  return Extractor(question, passages, terms, weight).run(options);
}

}  // namespace isogloss::heads
