// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/describe.hpp"

namespace isogloss::model {

struct Word2vecOptions {
  std::string model = "skipgram";
  std::int64_t dim = 100;
  std::int64_t window = 5;
  std::int64_t negative = 5;
  bool hs = false;
  std::int64_t epochs = 5;
  std::int64_t min_count = 5;
  std::int64_t max_vocab = 0;
  std::int64_t phrases = 0;
  double phrase_threshold = 100;
  double sample = 1e-4;
  double alpha = 0;
  double min_alpha = 1e-4;
  double ns_exponent = 0.75;
  std::int64_t block = 4;
  bool shrink_windows = true;
  std::int64_t sentence_length = 1000;
  std::string split = "blanks";
  bool lowercase = false;
  bool deterministic = false;

  bool skipgram() const { return model == "skipgram"; }
};

template <class Visitor>
void describe(Word2vecOptions& o, Visitor& v) {
  v("model", o.model, Choice{"skipgram|cbow"},
    "skipgram: the words near it are told from a word (context from centre); cbow: a word from the mean of those near "
    "it "
    "(centre from context), faster.");
  v("dim", o.dim, Range{1, 4096}, "Number of dimensions.");
  v("window", o.window, Range{1, 1000}, "Words on each side that count as near.");
  v("negative", o.negative, Range{0, 100}, "Random words a word is told apart from; 0 = none, with hs.");
  v("hs", o.hs, "Hierarchical softmax: words are found along a binary tree, beside or instead of negative words.");
  v("epochs", o.epochs, Range{1, 10000}, "Times the text is read.");
  v("min_count", o.min_count, Range{1, 1e15}, "Rarer words are left out.");
  v("max_vocab", o.max_vocab, Range{0, 2e9}, "At most that many words, the most frequent; 0 = no limit.");
  v("phrases", o.phrases, Range{0, 4},
    "Levels of joining words that stand together far more often than by chance: 1 makes new_york, 2 new_york_times.");
  v("phrase_threshold", o.phrase_threshold, Range{0, 1e15},
    "Score from which two words are a phrase (word2phrase: 100).");
  v("sample", o.sample, Range{0, 1},
    "Words with a larger share of the text are skipped at random (word2vec and gensim: 1e-3); 0 = none.");
  v("alpha", o.alpha, Range{0, 1}, "Learning rate at the start; 0 = 0.025 for skipgram, 0.05 for cbow.");
  v("min_alpha", o.min_alpha, Range{0, 1}, "Learning rate at the end; it falls evenly with the words read.");
  v("ns_exponent", o.ns_exponent, Range{-10, 10}, "Negative words are drawn by their count to this power.");
  v("block", o.block, Range{0, 64},
    "Words in a row that share their negative words: 4 is fast, 1 = a set for every word, 0 = for every pair (slow).");
  v("shrink_windows", o.shrink_windows,
    "The window of every word is drawn from 1 to window, so that near words count more.");
  v("sentence_length", o.sentence_length, Range{2, 1e9}, "Longer lines are cut into pieces of that many words.");
  v("split", o.split, Choice{"blanks|words"},
    "blanks: words are what stands between blanks; words: signs are words of their own, as when texts are embedded.");
  v("lowercase", o.lowercase, "Put the text in lower case.");
  v("deterministic", o.deterministic,
    "Equal bits for a seed on any number of threads: one thread learns, at the speed of one core.");
}

}  // namespace isogloss::model
