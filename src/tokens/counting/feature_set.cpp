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
  Tables& t = set.t_;
  t.words.reserve(spec.max_n == 1 ? size : 0);
  if (spec.max_n > 1 && !spec.flat()) t.grams.reserve(size);
  for (std::size_t column = 0; column < size; ++column) {
    if (spec.flat()) {
      t.words.insert(set.names_[column]);
      t.word_columns.push_back(static_cast<std::uint32_t>(column));
    } else {
      set.add_words(set.names_[column], static_cast<std::uint32_t>(column));
    }
  }
  t.word_columns.resize(t.words.size(), WordMap::kNone);
  t.gram_columns.resize(t.grams.size(), WordMap::kNone);
  return set;
}

FeatureSet FeatureSet::assemble(const FeatureSpec& spec, TextAnalyzerPtr analyzer, StringPack names, Tables tables) {
  FeatureSet set;
  set.spec_ = spec;
  set.analyzer_ = std::move(analyzer);
  set.names_ = std::move(names);
  set.t_ = std::move(tables);
  return set;
}

void FeatureSet::add_words(std::string_view name, std::uint32_t column) {
  std::uint32_t node = WordMap::kNone;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = spec_.max_n == 1 ? name.size() : std::min(name.find(' ', at), name.size());
    const std::uint32_t word = t_.words.insert(name.substr(at, end - at));
    node = node == WordMap::kNone ? word : kGram | t_.grams.insert(PairMap::key(node, word));
    at = end + 1;
  }
  std::vector<std::uint32_t>& columns = (node & kGram) != 0 ? t_.gram_columns : t_.word_columns;
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
  return names_.bytes() + t_.words.bytes() + t_.grams.bytes() +
         (t_.word_columns.capacity() + t_.gram_columns.capacity()) * sizeof(std::uint32_t);
}

FeatureReader::FeatureReader(const FeatureSet& set) : set_(&set), tally_(set.size()) {
  if (set.spec().flat()) {
    flat_.emplace(set.analyzer(), set.spec());
  } else {
    finder_.emplace(set.analyzer(), set.t_.words);
  }
}

void FeatureReader::read(std::string_view text, CountRow& row) {
  bag_.clear();
  if (flat_) {
    row.units = flat_->for_each(text, [&](std::string_view feature) {
      const std::uint32_t id = set_->t_.words.find(feature);
      if (id != WordMap::kNone) bag_.push_back(set_->t_.word_columns[id]);
    });
  } else {
    read_words(text, row);
  }
  tally_.tally(bag_, row);
}

void FeatureReader::read_words(std::string_view text, CountRow& row) {
  finder_->find_text(text, terms_);
  std::erase(terms_, TermFinder::kNone);
  row.units = static_cast<std::uint32_t>(terms_.size());
  if (set_->spec_.min_n == 1) {
    for (const std::uint32_t word : terms_) {
      if (word == TermFinder::kUnknown) continue;
      const std::uint32_t column = set_->t_.word_columns[word];
      if (column != WordMap::kNone) bag_.push_back(column);
    }
  }
  if (set_->spec_.max_n > 1) add_grams();
}

// Level by level: all pairs of the text, then all triples. The look-ups of one level do not wait for each other, so
// their cache misses overlap: first every slot is asked for, then every number is read.
void FeatureReader::add_grams() {
  constexpr std::uint32_t kUnknown = TermFinder::kUnknown;
  const FeatureSet::Tables& t = set_->t_;
  nodes_ = terms_;
  for (std::size_t length = 2; length <= std::min<std::size_t>(set_->spec_.max_n, terms_.size()); ++length) {
    const std::size_t count = terms_.size() - length + 1;
    for (std::size_t i = 0; i < count; ++i) t.grams.prefetch(PairMap::key(nodes_[i], terms_[i + length - 1]));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t last = terms_[i + length - 1];
      const bool possible = nodes_[i] != kUnknown && last != kUnknown;
      const std::uint32_t gram = possible ? t.grams.find(PairMap::key(nodes_[i], last)) : PairMap::kNone;
      nodes_[i] = gram == PairMap::kNone ? kUnknown : FeatureSet::kGram | gram;
      if (gram != PairMap::kNone) __builtin_prefetch(&t.gram_columns[gram]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (nodes_[i] == kUnknown) continue;
      const std::uint32_t column = t.gram_columns[nodes_[i] & ~FeatureSet::kGram];
      if (column != WordMap::kNone) bag_.push_back(column);
    }
  }
}

}  // namespace isogloss::tokens
