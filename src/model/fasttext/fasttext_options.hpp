// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/describe.hpp"
#include "formats/fasttext_file.hpp"

namespace isogloss::model {

struct FasttextOptions {
  std::string model = "skipgram";
  std::int64_t dim = 100;
  std::int64_t window = 5;
  std::int64_t epochs = 5;
  std::int64_t min_count = 0;
  std::int64_t min_count_label = 0;
  std::int64_t max_vocab = 0;
  std::string loss = "auto";
  std::int64_t negative = 5;
  std::int64_t minn = -1;
  std::int64_t maxn = -1;
  std::int64_t word_ngrams = 1;
  std::int64_t bucket = 0;
  std::int64_t floret = 0;
  double sample = 1e-4;
  double alpha = 0;
  double ns_exponent = 0.5;
  std::int64_t block = 4;
  std::string label_prefix = "__label__";
  std::string pretrained_vectors;
  std::string split = "blanks";
  bool lowercase = false;
  bool deterministic = false;
  bool quantise = false;
  std::int64_t cutoff = 0;
  bool retrain = false;
  std::string tune_validation;
  std::int64_t tune_seconds = 300;

  bool skipgram() const { return model == "skipgram"; }
  bool supervised() const { return model == "supervised"; }
  // With what "by the model" stands for filled in.
  FasttextOptions resolved() const {
    FasttextOptions o = *this;
    if (o.min_count == 0) o.min_count = supervised() ? 1 : 5;
    if (o.loss == "auto") o.loss = supervised() ? "softmax" : "ns";
    if (o.minn < 0) o.minn = supervised() ? 0 : 3;
    if (o.maxn < 0) o.maxn = supervised() ? 0 : 6;
    if (o.alpha == 0) o.alpha = supervised() ? 0.1 : 0.05;
    return o;
  }
};

template <class Visitor>
void describe(FasttextOptions& o, Visitor& v) {
  v("model", o.model, Choice{"skipgram|cbow|supervised"},
    "skipgram: the words near it are told from a word's n-grams; cbow: a word from the n-grams of those near it; "
    "supervised: the label of a text from its words.");
  v("dim", o.dim, Range{1, 4096}, "Number of dimensions.");
  v("window", o.window, Range{1, 1000}, "Words on each side that count as near.");
  v("epochs", o.epochs, Range{1, 10000}, "Times the text is read.");
  v("min_count", o.min_count, Range{0, 1e9}, "Rarer words are left out; 0 = 5, and 1 for supervised.");
  v("min_count_label", o.min_count_label, Range{0, 1e9}, "Rarer labels are left out.");
  v("max_vocab", o.max_vocab, Range{0, 2e9}, "At most that many words, the most frequent; 0 = no limit.");
  v("loss", o.loss, Choice{"auto|ns|hs|softmax|ova"},
    "ns: told apart from negative words; hs: found along a binary tree; softmax: one label of all; ova: each label by "
    "itself, for texts with several; auto = ns, and softmax for supervised.");
  v("negative", o.negative, Range{1, 100}, "Random words or labels that one is told apart from, with ns.");
  v("minn", o.minn, Range{-1, 100}, "Letters of the shortest n-gram; -1 = 3, and 0 for supervised.");
  v("maxn", o.maxn, Range{-1, 100}, "Letters of the longest n-gram, 0 = no n-grams; -1 = 6, and 0 for supervised.");
  v("word_ngrams", o.word_ngrams, Range{1, 100}, "Longest run of words that supervised reads as one feature.");
  v("bucket", o.bucket, Range{0, 2e9},
    "Rows for all n-grams; 0 = twice as many as the text has distinct ones, at most 2000000.");
  v("floret", o.floret, Range{0, 4},
    "Rows of a word or n-gram, in one small table for both (bucket rows, 50000 unless given), as floret and spaCy read "
    "it; 0 = fastText's two tables.");
  v("sample", o.sample, Range{0, 1}, "Words with a larger share of the text are skipped at random; 0 = none.");
  v("alpha", o.alpha, Range{0, 100},
    "Learning rate at the start; it falls evenly to 0 with the words read; 0 = 0.05, and 0.1 for supervised.");
  v("ns_exponent", o.ns_exponent, Range{-10, 10}, "Negative words are drawn by their count to this power.");
  v("block", o.block, Range{0, 64},
    "Words in a row that share their negative words: 4 is fast, 1 = a set for every word, 0 = for every pair (slow).");
  v("label_prefix", o.label_prefix, "Words of a text that begin so are its labels, beside those of a label column.");
  v("pretrained_vectors", o.pretrained_vectors, "File of word vectors of the same dimension to start from.");
  v("split", o.split, Choice{"blanks|words"},
    "blanks: words are what stands between blanks; words: signs are words of their own.");
  v("lowercase", o.lowercase, "Put the text in lower case, labels left as they are.");
  v("deterministic", o.deterministic,
    "Equal bits for a seed on any number of threads: one thread learns, at the speed of one core.");
  v("quantise", o.quantise, "Keep rows as codes, a byte for two numbers.");
  v("cutoff", o.cutoff, Range{0, 2e9}, "With quantise: keep so many rows only, those of largest length; 0 = all.");
  v("retrain", o.retrain, "With cutoff: train a classifier once more on the rows that are left.");
  v("tune_validation", o.tune_validation,
    "File of labelled lines: supervised looks for the epochs, alpha, dim, word_ngrams and letters that label them "
    "best.");
  v("tune_seconds", o.tune_seconds, Range{1, 1e7}, "How long to look, with tune_validation.");
}

}  // namespace isogloss::model
