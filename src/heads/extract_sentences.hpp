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

struct Extraction {
  std::vector<ExtractedSentence> sentences;  // best first
  double confidence = 0;                     // that the passages answer the question, 0..1
};

// text -> its terms (stemmed, without stop words); term -> weight, higher for rarer terms.
using Terms = std::function<std::vector<std::string>(std::string_view text)>;
using TermWeight = std::function<double(const std::string& term)>;

// `passages` in order of relevance, best first.
Extraction extract_sentences(std::string_view question, std::span<const Passage> passages, const ExtractOptions& options,
                             const Terms& terms, const TermWeight& weight);

}  // namespace isogloss::heads
