// SPDX-License-Identifier: Apache-2.0
// Distillation: a static table of token vectors that imitates a sentence encoder. A text then costs a few look-ups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// Defaults are those of `isogloss distill`, which explains each (--help).
struct DistillOptions {
  std::int64_t dim = 0;  // 0 = the teacher's with a corpus, 256 or the teacher's without
  std::string dtype = "int8";
  std::string compute = "auto";
  std::int64_t texts = 600'000;
  std::int64_t least_tokens = 6;
  std::int64_t most_tokens = 40;
  double sif = 1e-3;
  double lambda = 0.2;
  double start = 0.25;
};
std::vector<OptionInfo> distill_options();
// The struct from named values. Error{invalid_argument} as of every table of options.
Result<DistillOptions> parse_distill_options(const OptionValues& values);

// How well a table stands in for its teacher, on texts of the corpus that it was not fitted on.
struct DistillQuality {
  std::size_t texts = 0;       // 0 = not measured: there was no corpus
  double correlation = 0;      // Pearson, of the cosines of pairs of texts
  double neighbours_kept = 0;  // share of the teacher's ten nearest texts that are among the table's
};

struct Distilled {
  ModelPtr model;  // of the family "static"; its save() gives a folder that model2vec 0.10 opens too
  std::size_t texts = 0;
  DistillQuality quality;
};

// Without a corpus (null): vectors of single tokens, centred, cut by principal components, weighted by the rank of the
// token (Tulkens and van Dongen 2024, model2vec). With one: pieces of its texts go through the teacher, and the token
// vectors are those whose weighted mean comes nearest to its answers (ridge regression that starts at the vectors
// above); frequent tokens weigh a / (a + p), p = their share of the corpus (Arora et al. 2017). The same bits at any
// number of threads. Error{unsupported}: the teacher does not read tokens, gives no dense vector, or has no
// tokenizer.json. Error{invalid_argument}: too few texts.
Result<Distilled> distill(const Model& teacher, const Dataset* corpus, const DistillOptions& options, Context& context);

}  // namespace isogloss
