// SPDX-License-Identifier: Apache-2.0
// A model of word vectors: a text is the weighted mean of the vectors of its words.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/model_folder.hpp"
#include "formats/word_vectors.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "vectors/word_table.hpp"

namespace isogloss::vectors {

// Weights of words in the mean: mean 1; sif a / (a + p) with a = 0.001 and p the word's share of the training text
// (Arora et al. 2017, without the common component, which takes a set of texts); idf ln(1 / p).
enum class WordPool : std::uint8_t { mean, sif, idf };

// Load options that every family of word vectors has.
struct WordModelOptions {
  std::string pool = "mean";
  bool normalize = false;
};

// What a family says of itself.
struct WordModelInfo {
  std::string family;
  std::string trained_on;
  std::string space_id;  // empty = computed from words and rows
  std::map<std::string, std::string> facts;
};

class WordModel : public Model, public Embedder, public Vocabulary {
 public:
  WordModel(WordTable table, const WordModelOptions& options, WordModelInfo info);

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override;
  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;

  std::size_t word_count() const override { return table_.size(); }
  std::optional<std::size_t> find_word(std::string_view word) const override { return table_.find(word); }
  std::string_view word(std::size_t index) const override { return table_.word(index); }
  std::size_t word_dimension() const override { return table_.dim(); }
  void word_vector(std::size_t index, std::span<float> out) const override;
  Status cosines(std::span<const float> vector, std::span<float> out, Context& context) const override {
    return table_.cosines(vector, out, context);
  }
  const WordTable& table() const { return table_; }

 protected:
  const void* find(AbilityId id) const override;
  const Card& embedder_card() const override { return card_; }
  // A word of a text: as it is written, else in lower case.
  std::optional<std::uint32_t> find_text_word(std::string_view word) const;
  // What save() writes: words, counts and rows, which look into the model; a family adds its own.
  virtual formats::ModelParts parts() const;

 private:
  WordTable table_;
  WordPool pool_;
  bool normalize_;
  Card card_;
};

// recognise() and load() of a family whose models are folders of ours, or single files of one of `layouts`.
Recognised recognise_word_model(const FileSet& files, std::string_view family,
                                std::span<const formats::WordVectorLayout> layouts);
Result<ModelPtr> load_word_model(const FileSet& files, std::string_view family, const OptionValues& options,
                                 Context& context);
std::vector<OptionInfo> word_load_options();
Result<WordModelOptions> parse_word_options(const OptionValues& values, std::string_view family);

// A table from a folder that save() wrote: vocabulary.txt, "vectors" (words, dim), "counts" (words) if there are any.
Result<WordTable> read_word_folder(const formats::ModelSource& source);
// A table from a file of formats/word_vectors.hpp.
Result<WordTable> read_word_file(const std::filesystem::path& path, Context& context);

}  // namespace isogloss::vectors
