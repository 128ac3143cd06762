// SPDX-License-Identifier: Apache-2.0
// Answers with citations: extractive ones made here, or those of a language model behind an OpenAI-compatible address,
// whose citation numbers are checked.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/collection.hpp"

namespace isogloss {

struct AskOptions {
  std::size_t passages = 6;          // hits an answer is made from
  std::size_t sentences = 3;         // most sentences of an extractive answer
  double threshold = -1;             // least confidence of an answer, 0..1; < 0 = the calibrated default
  SearchOptions search;              // n is taken from `passages`
  std::string llm_url;               // empty = extractive; else ".../v1" or ".../v1/chat/completions"
  std::string llm_model;
  std::string llm_key;               // sent as Bearer token; empty = none
  std::string prompt;                // template with {question} and {context}; empty = the built-in one
  bool only_show_prompt = false;     // fill Answer::prompt and stop
  bool offline = false;              // loopback addresses only
  std::function<void(std::string_view)> on_text;  // pieces of a streamed answer as they come; may be empty
};

struct Citation {
  std::size_t n = 0;       // the number in the answer, from 1
  StoredChunk chunk;
  Span at;                 // the cited words within the document's text
  std::string text;        // those words, verbatim
  double score = 0;        // of the chunk
  ScoreKind kind = ScoreKind::bm25;
};

struct Answer {
  std::string text;                      // with [1], [2] ... where something is cited
  bool found = false;                    // false: "not found in your documents"
  double confidence = 0;                 // 0..1, what the threshold is compared with
  std::map<std::string, double> evidence;  // what the confidence of an extractive answer is made of
  std::vector<Citation> citations;       // by number
  std::vector<std::string> warnings;     // "the model cited [7], which it was not given"
  std::string prompt;                    // what a language model was sent
};

// Retrieves and answers. Errors as Collection::search, and offline, unavailable (the chat server).
Result<Answer> ask(Collection& collection, std::string_view question, const AskOptions& options, Context& context);

}  // namespace isogloss
