// SPDX-License-Identifier: Apache-2.0
#include "model/glove/glove.hpp"

#include "vectors/word_model.hpp"

namespace isogloss::model {
namespace {

using formats::WordVectorLayout;

constexpr std::string_view kFamily = "glove";
constexpr WordVectorLayout kLayouts[] = {WordVectorLayout::glove};

}  // namespace

const Family& glove_family() {
  static const Family family = {
      .name = kFamily,
      .title = "GloVe",
      .generation = "static words",
      .summary = "A vector a word, learned from how often words meet: GloVe text files.",
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
