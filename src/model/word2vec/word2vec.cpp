// SPDX-License-Identifier: Apache-2.0
#include "model/word2vec/word2vec.hpp"

#include "vectors/word_model.hpp"

namespace isogloss::model {
namespace {

using formats::WordVectorLayout;

constexpr std::string_view kFamily = "word2vec";
constexpr WordVectorLayout kLayouts[] = {WordVectorLayout::text, WordVectorLayout::binary};

}  // namespace

const Family& word2vec_family() {
  static const Family family = {
      .name = kFamily,
      .title = "word2vec",
      .generation = "static words",
      .summary =
          "A vector a word, learned from the words around it: word2vec files, text and binary, and fastText .vec.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return vectors::recognise_word_model(files, kFamily, kLayouts); },
      .load_options = vectors::word_load_options,
      .train_options = nullptr,
      .embed_options = nullptr,
      .load = [](const FileSet& files, const OptionValues& options,
                 Context& context) { return vectors::load_word_model(files, kFamily, options, context); },
      .train = nullptr,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
