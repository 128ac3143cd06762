// SPDX-License-Identifier: Apache-2.0
// A fastText model: words, n-grams and runs of words have a row each; a word is the mean of its rows, and so is a text.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "formats/fasttext_file.hpp"
#include "formats/model_folder.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "model/fasttext/label_scorer.hpp"
#include "model/fasttext/text_rules.hpp"
#include "tokens/analysis/word_map.hpp"
#include "tokens/ngram/subwords.hpp"

namespace isogloss::model {

inline constexpr std::string_view kFasttextFamily = "fasttext";

struct FasttextLoadOptions {
  std::string pool = "mean";
  bool normalize = false;
  std::string label_prefix = "__label__";
};

struct FasttextInfo {
  FasttextLoadOptions options;
  TextRules rules;
  OptionValues trained_with;  // training options, empty for files of others
  std::string trained_on;
  std::string space_id;                      // empty = computed
  std::shared_ptr<const MappedFile> mapped;  // what the matrices look into, if anything
};

class FasttextModel final : public Model, public Embedder, public Vocabulary, public Classifier {
 public:
  // Error{corrupt_data} for a dictionary with a word twice. REQUIRES: check_fasttext(file).
  static Result<std::shared_ptr<FasttextModel>> make(formats::FasttextFile file, FasttextInfo info,
                                                     std::string_view where);
  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override;

  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;

  std::size_t word_count() const override { return file_.words.size(); }
  std::optional<std::size_t> find_word(std::string_view word) const override;
  std::string_view word(std::size_t index) const override { return file_.words[index]; }
  std::size_t word_dimension() const override { return file_.input.columns; }
  void word_vector(std::size_t index, std::span<float> out) const override;
  Status any_word_vector(std::string_view word, std::span<float> out) const override;
  Result<std::vector<WordPart>> word_parts(std::string_view word) const override;
  Status cosines(std::span<const float> vector, std::span<float> out, Context& context) const override;

  std::size_t label_count() const override { return file_.labels.size(); }
  std::string_view label(std::size_t index) const override;
  Result<std::vector<std::vector<LabelScore>>> classify(std::span<const Input> inputs, std::size_t k,
                                                        Context& context) const override;

  const formats::FasttextFile& file() const { return file_; }
  // The file, for who has the only pointer; matrices may look into what the model keeps mapped.
  formats::FasttextFile take_file() && { return std::move(file_); }
  bool supervised() const { return file_.settings.kind == formats::FasttextKind::supervised; }

 private:
  FasttextModel(formats::FasttextFile file, FasttextInfo info);
  const void* find(AbilityId id) const override;
  const Card& embedder_card() const override { return card_; }
  void describe_card();
  formats::ModelParts parts() const;
  // Adds the rows that stand for a word.
  void add_rows(std::string_view word, std::vector<std::uint32_t>& rows) const;
  // The rows of a line as a classifier reads it: those of its words, the line's end and runs of words.
  void add_line(std::string_view text, std::vector<std::uint32_t>& rows) const;
  // out = mean of rows, 0 when there is none. out: (dim)
  void mean_of(std::span<const std::uint32_t> rows, std::span<float> out) const;
  float weight_of(std::string_view word) const;
  // (words, dim), of length 1 or 0
  Result<std::span<const float>> all_words(Context& context) const;

  formats::FasttextFile file_;
  FasttextInfo info_;
  tokens::WordMap words_;
  tokens::Subwords subwords_;
  LabelScorer scorer_;
  Card card_;
  // Vectors of all words, made when first asked for: neighbours need them.
  mutable std::mutex mutex_;
  mutable std::vector<float> all_words_;
};

// Folders of ours: config.json with the settings, vocabulary.txt, labels.txt, model.safetensors.
formats::ModelParts fasttext_parts(const formats::FasttextFile& file);
Result<formats::FasttextFile> read_fasttext_folder(const formats::ModelSource& source);

}  // namespace isogloss::model
