// SPDX-License-Identifier: Apache-2.0
// Counting the features of a stream of texts: what a counting model is fitted by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/describe.hpp"
#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "tokens/counting/feature_set.hpp"

namespace isogloss::tokens {

// Which features become columns (scikit-learn's names and meanings, but for numbers of exactly 1).
struct LimitOptions {
  double min_df = 1;
  double max_df = 1;
  std::int64_t max_features = 0;
};

template <class Visitor>
void describe_limits(LimitOptions& o, Visitor& v) {
  v("min_df", o.min_df, Range{0, 1e18}, "Leave out features of fewer texts: a share when below 1, else a number.");
  v("max_df", o.max_df, Range{0, 1e18}, "Leave out features of more texts: a share up to 1, else a number.");
  v("max_features", o.max_features, Range{0, 2147483647}, "Keep only the most frequent features; 0 = all.");
}

// The counts of all texts, one sparse row each; columns of a row are in no order.
struct CountRows {
  std::vector<std::size_t> starts{0};  // (texts + 1)
  std::vector<std::uint32_t> columns;  // (entries)
  std::vector<std::int32_t> counts;    // (entries)
  std::vector<std::uint32_t> units;    // (texts) words after stop words, or characters

  std::size_t size() const { return units.size(); }
};

// What counting found, columns as in `features`.
struct CountedFeatures {
  FeatureSet features;
  std::vector<std::uint32_t> document_frequency;  // (columns) texts that hold the feature
  std::vector<std::uint32_t> frequency;           // (columns) occurrences, at most 2^32 - 1
  std::size_t documents = 0;
  std::uint64_t units = 0;        // words after stop words, or characters, of all texts
  std::optional<CountRows> rows;  // when they fitted into the limit
};

enum class Occurrence : std::uint8_t { every, once };  // once: a text counts a feature at most once (binary)

// Not thread-safe.
class FeatureCounter {
 public:
  // Rows are kept while they have at most `row_limit` entries.
  FeatureCounter(const FeatureSpec& spec, TextAnalyzerPtr analyzer, Occurrence occurrence, std::size_t row_limit);

  void add(std::string_view text);
  // Error{invalid_argument} when no feature is left. The counter is empty afterwards.
  Result<CountedFeatures> finish(const LimitOptions& limits);

 private:
  static constexpr std::uint32_t kGram = FeatureSet::kGram;
  // Of one feature: four on a cache line.
  struct Tally {
    std::uint32_t frequency = 0;  // stays at its greatest value
    std::uint32_t documents = 0;
    std::uint32_t last_document = 0;  // number of the last text that held it, from 1
    std::uint32_t place = 0;          // in the row of that text
  };
  struct Entry {
    std::uint32_t feature;  // word number, or gram number with kGram
    std::int32_t count;
  };

  std::uint32_t add_words(std::string_view text);  // how many
  void add_grams();
  void touch(Tally& tally, std::uint32_t feature);
  void keep_row(std::uint32_t units);
  bool in_range(std::size_t length) const { return length >= spec_.min_n && length <= spec_.max_n; }
  void append_name(std::uint32_t feature, StringPack& names) const;
  const Tally& tally_of(std::uint32_t feature) const;
  std::vector<std::uint32_t> features_in_order(std::uint32_t low, std::uint32_t high) const;
  void keep_most_frequent(std::vector<std::uint32_t>& features, std::size_t limit) const;
  void sort_by_name(std::vector<std::uint32_t>& features) const;
  void sort_by_rank(std::vector<std::uint32_t>& features) const;
  std::vector<std::uint32_t> word_ranks() const;
  std::size_t counted_features() const;
  Result<FeatureSet> feature_set(const std::vector<std::uint32_t>& features, std::vector<std::uint32_t> word_columns,
                                 std::vector<std::uint32_t> gram_columns);
  CountRows rows_of(const std::vector<std::uint32_t>& word_columns, const std::vector<std::uint32_t>& gram_columns);

  FeatureSpec spec_;
  TextAnalyzerPtr analyzer_;
  Occurrence occurrence_;
  std::size_t row_limit_;
  bool keeps_rows_ = true;

  TermTable table_;  // words
  std::optional<FlatFeatures> flat_;
  WordMap strings_;  // flat features
  PairMap grams_;
  std::vector<Tally> word_tallies_;  // of words, or of flat features
  std::vector<Tally> gram_tallies_;

  std::uint32_t documents_ = 0;
  std::uint64_t units_ = 0;
  std::vector<std::uint32_t> terms_;
  std::vector<std::uint32_t> nodes_;
  std::vector<Entry> row_;
  std::vector<std::size_t> starts_{0};
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> row_units_;
};

// Counts all records of `data`, one row each. Reports progress and stops when cancelled.
Result<CountedFeatures> count_features(const Dataset& data, const FeatureSpec& spec, const LimitOptions& limits,
                                       Occurrence occurrence, std::size_t row_limit, Context& context);

}  // namespace isogloss::tokens
