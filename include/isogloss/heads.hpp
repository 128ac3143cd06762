// SPDX-License-Identifier: Apache-2.0
// Small models on top of the vectors of another: trained and measured on labelled texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// A classifier on the vectors of `base`: a model by reference, or fit:FAMILY, fitted on the texts of `data`. data: of
// DatasetOptions::labelled; options: those of the family classifier. Errors of load() and train().
Result<ModelPtr> train_classifier(std::string_view base, const Dataset& data, const OptionValues& options,
                                  Context& context);

struct ClassifierTest {
  std::uint64_t texts = 0;
  double accuracy = 0, macro_f1 = 0;
  // Expected calibration error of the best label's probability, by fifteen steps (Guo et al. 2017).
  double calibration_error = 0;
};
// What a classifier says of labelled texts, beside their labels. A text without an answer is wrong; its probability is
// 0. Error{corrupt_data}: there is no labelled text.
Result<ClassifierTest> test_classifier(const Classifier& classifier, const Dataset& data, Context& context);

struct ClusterOptions {
  // kmeans: the best of ten starts; agglomerative: Ward's linkage; hdbscan: by density, as many as there are, and texts
  // of none. Empty = kmeans when `clusters` is given, else hdbscan.
  std::string method;
  std::size_t clusters = 0;             // of kmeans and agglomerative
  std::size_t min_size = 5;             // hdbscan: fewer texts are no cluster
  std::size_t terms = 5;                // words that describe a cluster
  std::string stop_words = "english";   // left out of the words; "none", or a list of stop_lists()
};

struct TextClusters {
  std::vector<std::int32_t> cluster;  // (texts) by size, 0 = the largest; -1 = of none
  struct Cluster {
    std::size_t size = 0;
    std::size_t central = 0;       // the text nearest to the mean of the cluster
    std::vector<WordScore> terms;  // what it has oftener than the others, best first
  };
  std::vector<Cluster> clusters;
};
// Groups texts by their vectors, scaled to length 1, of a model by reference (fit:FAMILY is fitted on the texts).
// Error{unsupported}: the model's vectors are sparse; Error{invalid_argument}: more clusters than texts, an unknown method.
Result<TextClusters> cluster_texts(std::string_view model, std::span<const std::string> texts, const ClusterOptions& options,
                                   Context& context);

// What a text repeats.
struct Duplicate {
  std::size_t of = 0;  // the text that is kept; its own number = it is kept itself
  double cosine = 1;   // with that one; 1 = the same words
};
// For every text the earlier one that says the same: the same words in the same order (blanks apart), or, with a model,
// vectors whose cosine is at least `threshold`. The first of those that are alike is kept. model: by reference, empty = equal texts only. Error{invalid_argument}: threshold outside (0, 1].
Result<std::vector<Duplicate>> find_duplicates(std::string_view model, std::span<const std::string> texts, double threshold,
                                               Context& context);

// The vector of a word as it stands in a sentence: the sum of the vectors of its tokens, at its first place as a whole word,
// letter case of ASCII aside. Models with a vector a word have the same one everywhere. Errors:
// invalid_argument, the word is not in the sentence; not_found, it is not in the vocabulary; unsupported, the model has vectors neither of tokens nor of words.
Result<std::vector<float>> word_in_sentence(const Model& model, std::string_view word, std::string_view sentence,
                                            Context& context);

}  // namespace isogloss
