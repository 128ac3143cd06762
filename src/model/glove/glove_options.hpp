// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/describe.hpp"

namespace isogloss::model {

struct GloveOptions {
  std::int64_t dim = 100;
  std::int64_t window = 10;
  std::int64_t epochs = 15;
  std::int64_t min_count = 5;
  std::int64_t max_vocab = 0;
  double x_max = 10;
  double alpha = 0.75;
  double eta = 0.05;
  double grad_clip = 100;
  bool symmetric = true;
  bool distance_weighting = true;
  std::string vectors = "sum";
  std::string split = "blanks";
  bool lowercase = false;
  bool deterministic = false;
};

template <class Visitor>
void describe(GloveOptions& o, Visitor& v) {
  v("dim", o.dim, Range{1, 4096}, "Number of dimensions.");
  v("window", o.window, Range{1, 1000},
    "Words on each side that count as near (the original: 15, its vectors of 2024: 10).");
  v("epochs", o.epochs, Range{1, 10000}, "Times all pairs of words are read.");
  v("min_count", o.min_count, Range{1, 1e15}, "Rarer words are left out.");
  v("max_vocab", o.max_vocab, Range{0, 2e9}, "At most that many words, the most frequent; 0 = no limit.");
  v("x_max", o.x_max, Range{1e-6, 1e15},
    "Pairs that met so often or more have full weight (100 for billions of words, 10 for millions).");
  v("alpha", o.alpha, Range{0, 10}, "Pairs that met less often weigh (count / x_max) to this power.");
  v("eta", o.eta, Range{1e-9, 10}, "Learning rate at the start; AdaGrad lowers it for every number by itself.");
  v("grad_clip", o.grad_clip, Range{1e-6, 1e9}, "No gradient of a number is larger.");
  v("symmetric", o.symmetric, "Words on both sides count; false: a word is told from those on its left only.");
  v("distance_weighting", o.distance_weighting, "Words that meet count 1 / distance; false: 1 all over the window.");
  v("vectors", o.vectors, Choice{"sum|words|contexts"},
    "Every word has a vector as a word and one as a context: keep their sum, or one of the two.");
  v("split", o.split, Choice{"blanks|words"},
    "blanks: words are what stands between blanks; words: signs are words of their own, as when texts are embedded.");
  v("lowercase", o.lowercase, "Put the text in lower case.");
  v("deterministic", o.deterministic,
    "Equal bits for a seed on any number of threads: one thread learns, at the speed of one core.");
}

}  // namespace isogloss::model
