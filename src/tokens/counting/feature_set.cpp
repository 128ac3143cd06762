// SPDX-License-Identifier: Apache-2.0
// Look-up of n-grams without making their strings: words become numbers first (one look-up a word), and "new york city"
// is found as ((new, york), city) in a map from pairs of numbers, two more look-ups. The string way, kept for features
// whose words may hold blanks and for characters, costs a copy and a hash of the whole string per n-gram.
#include "tokens/counting/feature_set.hpp"

#include <algorithm>

namespace isogloss::tokens {

Result<FeatureSet> FeatureSet::make(const FeatureSpec& spec, StringPack names) {
  FeatureSet set;
  set.spec_ = spec;
  set.analyzer_ = IG_TRY(TextAnalyzer::make(spec.analyzer));
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i - 1] < names[i]) continue;
    return fail(Code::corrupt_data, "the vocabulary is not in ascending order at line " + std::to_string(i + 1) + ".");
  }
  set.names_ = std::move(names);
  const std::size_t size = set.names_.size();
  set.words_.reserve(spec.max_n == 1 ? size : 0);
  if (spec.max_n > 1 && !spec.flat()) set.grams_.reserve(size);
  for (std::size_t column = 0; column < size; ++column) {
    if (spec.flat()) {
      set.words_.insert(set.names_[column]);
    } else {
      set.add_words(set.names_[column], static_cast<std::uint32_t>(column));
    }
  }
  set.word_columns_.resize(spec.flat() ? 0 : set.words_.size(), WordMap::kNone);
  set.gram_columns_.resize(set.grams_.size(), WordMap::kNone);
  return set;
}

void FeatureSet::add_words(std::string_view name, std::uint32_t column) {
  std::uint32_t node = WordMap::kNone;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = spec_.max_n == 1 ? name.size() : std::min(name.find(' ', at), name.size());
    const std::uint32_t word = words_.insert(name.substr(at, end - at));
    node = node == WordMap::kNone ? word : kGram | grams_.insert(PairMap::key(node, word));
    at = end + 1;
  }
  std::vector<std::uint32_t>& columns = (node & kGram) != 0 ? gram_columns_ : word_columns_;
  const std::size_t place = node & ~kGram;
  if (place >= columns.size()) columns.resize(place + 1, WordMap::kNone);
  columns[place] = column;
}

std::optional<std::size_t> FeatureSet::find(std::string_view name) const {
  std::size_t low = 0;
  std::size_t high = names_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    (names_[middle] < name ? low : high) = names_[middle] < name ? middle + 1 : middle;
  }
  if (low < names_.size() && names_[low] == name) return low;
  return std::nullopt;
}

std::size_t FeatureSet::bytes() const {
  return names_.bytes() + words_.bytes() + grams_.bytes() +
         (word_columns_.capacity() + gram_columns_.capacity()) * sizeof(std::uint32_t);
}

FeatureReader::FeatureReader(const FeatureSet& set) : set_(&set), tally_(set.size()) {
  if (set.spec().flat()) {
    flat_.emplace(set.analyzer(), set.spec());
  } else {
    finder_.emplace(set.analyzer(), set.words_);
  }
}

void FeatureReader::read(std::string_view text, CountRow& row) {
  bag_.clear();
  if (flat_) {
    row.units = flat_->for_each(text, [&](std::string_view feature) {
      const std::uint32_t column = set_->words_.find(feature);
      if (column != WordMap::kNone) bag_.push_back(column);
    });
  } else {
    read_words(text, row);
  }
  tally_.tally(bag_, {}, row);
}

void FeatureReader::read_words(std::string_view text, CountRow& row) {
  finder_->find_text(text, terms_);
  std::erase(terms_, TermFinder::kNone);
  row.units = static_cast<std::uint32_t>(terms_.size());
  if (set_->spec_.min_n == 1) {
    for (const std::uint32_t word : terms_) {
      if (word == TermFinder::kUnknown) continue;
      const std::uint32_t column = set_->word_columns_[word];
      if (column != WordMap::kNone) bag_.push_back(column);
    }
  }
  if (set_->spec_.max_n > 1) add_grams();
}

void FeatureReader::add_grams() {
  const std::size_t n = terms_.size();
  for (std::size_t i = 0; i + 1 < n; ++i) set_->grams_.prefetch(PairMap::key(terms_[i], terms_[i + 1]));
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t node = terms_[i];
    if (node == TermFinder::kUnknown) continue;
    const std::size_t last = std::min<std::size_t>(n, i + set_->spec_.max_n);
    for (std::size_t j = i + 1; j < last; ++j) {
      if (terms_[j] == TermFinder::kUnknown) break;
      const std::uint32_t gram = set_->grams_.find(PairMap::key(node, terms_[j]));
      if (gram == PairMap::kNone) break;
      const std::uint32_t column = set_->gram_columns_[gram];
      if (column != WordMap::kNone) bag_.push_back(column);
      node = FeatureSet::kGram | gram;
    }
  }
}

}  // namespace isogloss::tokens
