// SPDX-License-Identifier: Apache-2.0
// Extractive answers: the sentences of some passages that say most about a question, without a language model.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/input.hpp"

namespace isogloss::heads {

// A passage with its sentences as spans of `text`.
struct Passage {
  std::string_view text;
  std::vector<Span> sentences;
  std::string_view heading;  // its words count for the passage as a whole
};

struct ExtractOptions {
  std::size_t sentences = 3;
};

struct ExtractedSentence {
  std::size_t passage = 0;
  std::size_t sentence = 0;
  double score = 0;
};

// What the confidence is made of, each 0..1 (uncovered: lower is better).
struct Evidence {
  double sentence = 0;   // coverage of the question by the best sentence
  double around = 0;     // by that sentence and its neighbours
  double passage = 0;    // by its passage
  double gap = 0;        // how much more the best passage covers than the second best
  double uncovered = 0;  // weight of the rarest question term the passage lacks, over that of the rarest of all
  double names = 0;      // share of the question's names and numbers that the passage holds; 1 when it has none
  double pairs = 0;      // share of neighbouring question terms that stand in one sentence of the passage
};

struct Extraction {
  std::vector<ExtractedSentence> sentences;  // best first
  Evidence evidence;
  double confidence = 0;  // that the passages answer the question, 0..1
};

// text -> its terms (stemmed, without stop words); term -> weight, higher for rarer terms.
using Terms = std::function<std::vector<std::string>(std::string_view text)>;
using TermWeight = std::function<double(const std::string& term)>;

// `passages` in order of relevance, best first.
Extraction extract_sentences(std::string_view question, std::span<const Passage> passages,
                             const ExtractOptions& options, const Terms& terms, const TermWeight& weight);

}  // namespace isogloss::heads
