// SPDX-License-Identifier: Apache-2.0
// Training: from a text to what a .bin holds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/fasttext_file.hpp"
#include "isogloss/family.hpp"
#include "model/fasttext/fasttext_options.hpp"
#include "model/fasttext/text_rules.hpp"
#include "tokens/ngram/subwords.hpp"
#include "train/row_matrix.hpp"

namespace isogloss::model {

// How many distinct n-grams there are, within a per cent, in 4 MB (linear counting, Whang et al. 1990).
class DistinctCounter {
 public:
  DistinctCounter() : bits_(kBits / 64) {}
  void add(std::uint64_t hash);
  void merge(const DistinctCounter& other);
  std::size_t count() const;

 private:
  static constexpr std::size_t kBits = std::size_t{1} << 25;
  std::vector<std::uint64_t> bits_;
};
// Rows for so many distinct n-grams where the options do not say.
std::size_t bucket_for(std::size_t distinct);

TextRules rules_of(const FasttextOptions& options);
formats::FasttextSettings settings_of(const FasttextOptions& options, std::size_t bucket);

// Rows of U(-1/dim, 1/dim), the same on any number of threads.
training::RowMatrix random_rows(std::size_t rows, std::size_t dim, Context& context);
// Overwrites the rows of words that options.pretrained_vectors has; words it has beside them are added to the
// dictionary, at the end, before `input` is made: call with null first. Error{mismatch}: another dimension.
struct Pretrained {
  StringPack words;
  std::vector<float> rows;  // (words, dim)
};
Result<Pretrained> read_pretrained(const FasttextOptions& options, Context& context);
void add_pretrained_words(const Pretrained& from, formats::FasttextFile& file);
void copy_pretrained(const Pretrained& from, const formats::FasttextFile& file, training::RowMatrix& input);

// options: resolved().
Result<formats::FasttextFile> train_word_model(const Dataset& data, const FasttextOptions& options,
                                               const TrainingRun& run, Context& context);
Result<formats::FasttextFile> train_classifier(const Dataset& data, const FasttextOptions& options, Context& context);

// The options that label options.tune_validation best, as far as they are found in options.tune_seconds: a random
// search that starts from the options given (Gaussian steps, wide first). Error{not_found} when the file is not there.
Result<FasttextOptions> tune_classifier(const Dataset& data, const FasttextOptions& options, Context& context);

}  // namespace isogloss::model
