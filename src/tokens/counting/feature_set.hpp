// SPDX-License-Identifier: Apache-2.0
// A fixed set of features, one column each, and the reading of texts against it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tokens/analysis/term_table.hpp"
#include "tokens/counting/feature_spec.hpp"
#include "tokens/counting/flat_features.hpp"
#include "tokens/counting/row_tally.hpp"
#include "core/string_pack.hpp"

namespace isogloss::tokens {

// Column c is the feature names()[c]. Immutable and thread-safe once made.
class FeatureSet {
 public:
  FeatureSet() = default;
  // `names` ascend by bytes (which is the order of code points), none twice: Error{corrupt_data} if not.
  static Result<FeatureSet> make(const FeatureSpec& spec, StringPack names);

  // The tables of look-up, for one who has them already: see the members.
  struct Tables {
    WordMap words;
    PairMap grams;
    std::vector<std::uint32_t> word_columns;
    std::vector<std::uint32_t> gram_columns;
  };
  // REQUIRES: what make() would have built, but for the numbers of words and n-grams.
  static FeatureSet assemble(const FeatureSpec& spec, TextAnalyzerPtr analyzer, StringPack names, Tables tables);
  static constexpr std::uint32_t kGram = 0x80000000u;  // marks the number of an n-gram beside those of words

  const FeatureSpec& spec() const { return spec_; }
  const TextAnalyzerPtr& analyzer() const { return analyzer_; }
  std::size_t size() const { return names_.size(); }
  std::string_view name(std::size_t column) const { return names_[column]; }
  const StringPack& names() const { return names_; }
  std::optional<std::size_t> find(std::string_view name) const;
  std::size_t bytes() const;

 private:
  friend class FeatureReader;
  void add_words(std::string_view name, std::uint32_t column);

  FeatureSpec spec_;
  TextAnalyzerPtr analyzer_;
  StringPack names_;
  // Flat: words holds whole features. Else words holds the single words of all features, and n-grams are pairs of (word
  // or shorter n-gram, word); an n-gram's number carries kGram. word_columns (words), gram_columns (grams): the column
  // of each, WordMap::kNone = none.
  Tables t_;
};

// Reads texts as rows of counts. Holds scratch memory: one per thread. REQUIRES: outlived by its set.
class FeatureReader {
 public:
  explicit FeatureReader(const FeatureSet& set);
  void read(std::string_view text, CountRow& row);

 private:
  void read_words(std::string_view text, CountRow& row);
  void add_grams();

  const FeatureSet* set_;
  std::optional<TermFinder> finder_;
  std::optional<FlatFeatures> flat_;
  RowTally tally_;
  std::vector<std::uint32_t> terms_;
  std::vector<std::uint32_t> nodes_;
  std::vector<std::uint32_t> bag_;
};

}  // namespace isogloss::tokens
