// SPDX-License-Identifier: Apache-2.0
// Counting features in one pass.
//
// Words are numbered by a TermTable in order of first occurrence, n-grams of words by a PairMap of (shorter n-gram,
// word). Each feature has one Tally: how often, in how many texts, and in which text last and at which place of its
// row, so that the row of a text is summed up without sorting. Rows are kept (8 bytes an entry) while they fit the
// limit, so that a fit need not read the texts twice.
//
// At the end columns are the features in ascending order of their bytes, which is Python's order of strings. Ordering
// 807,187 n-grams by comparing strings takes 183 ms, once they are made; by number it takes 25: words are ranked once,
// and since no word holds a character up to the blank, "a b" < "a c" as (rank a, rank b) are, and an n-gram comes right
// after its prefix, before anything else. Words that might hold blanks (own patterns) are compared as strings.
#include "tokens/counting/feature_counter.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/assert.hpp"

namespace isogloss::tokens {
namespace {

// How far ahead of its use memory is asked for in loops that jump about.
constexpr std::size_t kAhead = 16;

}  // namespace

FeatureCounter::FeatureCounter(const FeatureSpec& spec, TextAnalyzerPtr analyzer, Occurrence occurrence,
                               std::size_t row_limit)
    : spec_(spec), analyzer_(analyzer), occurrence_(occurrence), row_limit_(row_limit), table_(analyzer) {
  if (spec_.flat()) flat_.emplace(analyzer_, spec_);
}

void FeatureCounter::touch(Tally& tally, std::uint32_t feature) {
  if (tally.last_document != documents_) {
    tally.last_document = documents_;
    ++tally.documents;
    tally.frequency += tally.frequency != 0xFFFFFFFFu ? 1 : 0;
    tally.place = static_cast<std::uint32_t>(row_.size());
    row_.push_back({feature, 1});
  } else if (occurrence_ == Occurrence::every) {
    tally.frequency += tally.frequency != 0xFFFFFFFFu ? 1 : 0;
    ++row_[tally.place].count;
  }
}

void FeatureCounter::add(std::string_view text) {
  ++documents_;
  row_.clear();
  std::uint32_t units = 0;
  if (flat_) {
    units = flat_->for_each(text, [&](std::string_view feature) {
      const std::uint32_t id = strings_.insert(feature);
      if (id == word_tallies_.size()) word_tallies_.emplace_back();
      touch(word_tallies_[id], id);
    });
  } else {
    units = add_words(text);
  }
  units_ += units;
  keep_row(units);
}

std::uint32_t FeatureCounter::add_words(std::string_view text) {
  table_.add_text(text, terms_);
  if (analyzer_->maps_words()) std::erase(terms_, TermTable::kNone);
  if (word_tallies_.size() < table_.size()) word_tallies_.resize(table_.size());
  if (in_range(1)) {
    for (const std::uint32_t word : terms_) touch(word_tallies_[word], word);
  }
  if (spec_.max_n > 1) add_grams();
  return static_cast<std::uint32_t>(terms_.size());
}

// Level by level, as FeatureReader::add_grams and for its reason.
void FeatureCounter::add_grams() {
  nodes_ = terms_;
  for (std::size_t length = 2; length <= std::min<std::size_t>(spec_.max_n, terms_.size()); ++length) {
    const std::size_t count = terms_.size() - length + 1;
    for (std::size_t i = 0; i < count; ++i) grams_.prefetch(PairMap::key(nodes_[i], terms_[i + length - 1]));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t gram = grams_.insert(PairMap::key(nodes_[i], terms_[i + length - 1]));
      if (gram == gram_tallies_.size()) gram_tallies_.emplace_back();
      __builtin_prefetch(&gram_tallies_[gram]);
      nodes_[i] = kGram | gram;
    }
    if (length < spec_.min_n) continue;
    for (std::size_t i = 0; i < count; ++i) touch(gram_tallies_[nodes_[i] & ~kGram], nodes_[i]);
  }
}

void FeatureCounter::keep_row(std::uint32_t units) {
  if (!keeps_rows_) return;
  if (entries_.size() + row_.size() > row_limit_) {
    keeps_rows_ = false;
    entries_ = {};
    starts_ = {0};
    row_units_ = {};
    return;
  }
  entries_.insert(entries_.end(), row_.begin(), row_.end());
  starts_.push_back(entries_.size());
  row_units_.push_back(units);
}

const FeatureCounter::Tally& FeatureCounter::tally_of(std::uint32_t feature) const {
  return (feature & kGram) != 0 ? gram_tallies_[feature & ~kGram] : word_tallies_[feature];
}

void FeatureCounter::append_name(std::uint32_t feature, StringPack& names) const {
  if (flat_) return names.append(strings_.word(feature));
  if ((feature & kGram) == 0) return names.append(table_.term(feature));
  const std::uint64_t pair = grams_.pair(feature & ~kGram);
  append_name(static_cast<std::uint32_t>(pair >> 32), names);
  names.append(" ");
  names.append(table_.term(static_cast<std::uint32_t>(pair)));
}

void FeatureCounter::sort_by_name(std::vector<std::uint32_t>& features) const {
  // The first 8 bytes, most significant first, decide nearly every comparison.
  struct Keyed {
    std::uint64_t head;
    std::uint32_t feature;
  };
  const auto view = [&](std::uint32_t feature) -> std::string_view {
    return flat_ ? strings_.word(feature) : table_.term(feature);
  };
  std::vector<Keyed> keyed;
  keyed.reserve(features.size());
  for (const std::uint32_t feature : features) {
    const std::string_view name = view(feature);
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < 8; ++i) head = head << 8 | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0u);
    keyed.push_back({head, feature});
  }
  std::ranges::sort(keyed, [&](const Keyed& a, const Keyed& b) {
    return a.head != b.head ? a.head < b.head : view(a.feature) < view(b.feature);
  });
  for (std::size_t i = 0; i < keyed.size(); ++i) features[i] = keyed[i].feature;
}

std::vector<std::uint32_t> FeatureCounter::word_ranks() const {
  std::vector<std::uint32_t> words(table_.size());
  std::iota(words.begin(), words.end(), 0u);
  sort_by_name(words);
  std::vector<std::uint32_t> ranks(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) ranks[words[i]] = static_cast<std::uint32_t>(i);
  return ranks;
}

// Walks the tree of n-grams, children of a node by rank of their last word: prefix before extension.
void FeatureCounter::sort_by_rank(std::vector<std::uint32_t>& features) const {
  const std::vector<std::uint32_t> ranks = word_ranks();
  const std::size_t words = table_.size();
  const std::size_t nodes = words + grams_.size();
  const auto node_of = [&](std::uint32_t feature) {
    return (feature & kGram) != 0 ? words + (feature & ~kGram) : std::size_t{feature};
  };
  // Grams by (parent, rank of the last word): stable counting sorts by rank, then by parent.
  const auto counting_sort = [&](const std::vector<std::uint32_t>& in, std::size_t keys, auto&& key_of) {
    std::vector<std::uint32_t> starts(keys + 1, 0);
    for (const std::uint32_t gram : in) ++starts[key_of(gram) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    std::vector<std::uint32_t> out(in.size());
    for (const std::uint32_t gram : in) out[starts[key_of(gram)]++] = gram;
    return out;
  };
  const auto parent_of = [&](std::uint32_t gram) {
    return node_of(static_cast<std::uint32_t>(grams_.pair(gram) >> 32));
  };
  std::vector<std::uint32_t> grams(grams_.size());
  std::iota(grams.begin(), grams.end(), 0u);
  grams =
      counting_sort(grams, words, [&](std::uint32_t g) { return ranks[static_cast<std::uint32_t>(grams_.pair(g))]; });
  grams = counting_sort(grams, nodes, parent_of);
  std::vector<std::uint32_t> first(nodes + 1, 0);  // of each node's children in `grams`
  for (const std::uint32_t gram : grams) ++first[parent_of(gram) + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());

  std::vector<std::uint8_t> wanted(nodes, 0);
  for (const std::uint32_t feature : features) wanted[node_of(feature)] = 1;
  std::vector<std::uint32_t> roots(words);
  for (std::uint32_t word = 0; word < words; ++word) roots[ranks[word]] = word;
  features.clear();
  std::vector<std::uint32_t> stack;
  for (const std::uint32_t root : roots) {
    stack.push_back(root);
    while (!stack.empty()) {
      const std::uint32_t feature = stack.back();
      stack.pop_back();
      const std::size_t node = node_of(feature);
      if (wanted[node] != 0) features.push_back(feature);
      for (std::uint32_t i = first[node + 1]; i > first[node]; --i) stack.push_back(kGram | grams[i - 1]);
    }
  }
}

std::vector<std::uint32_t> FeatureCounter::features_in_order(std::uint32_t low, std::uint32_t high) const {
  std::vector<std::uint32_t> features;
  const auto take = [&](const std::vector<Tally>& tallies, std::uint32_t flag) {
    for (std::uint32_t i = 0; i < tallies.size(); ++i) {
      const std::uint32_t documents = tallies[i].documents;
      if (documents != 0 && documents >= low && documents <= high) features.push_back(flag | i);
    }
  };
  take(word_tallies_, 0);
  take(gram_tallies_, kGram);
  if (spec_.max_n > 1 && !flat_) {
    sort_by_rank(features);
  } else {
    sort_by_name(features);
  }
  return features;
}

void FeatureCounter::keep_most_frequent(std::vector<std::uint32_t>& features, std::size_t limit) const {
  if (limit == 0 || features.size() <= limit) return;
  // Ties go to the feature that comes first by name.
  std::vector<std::uint32_t> order(features.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, std::greater<>(), [&](std::uint32_t i) { return tally_of(features[i]).frequency; });
  order.resize(limit);
  std::ranges::sort(order);
  for (std::size_t i = 0; i < limit; ++i) features[i] = features[order[i]];
  features.resize(limit);
}

CountRows FeatureCounter::rows_of(const std::vector<std::uint32_t>& word_columns,
                                  const std::vector<std::uint32_t>& gram_columns) {
  CountRows rows;
  rows.starts.reserve(starts_.size());
  rows.columns.reserve(entries_.size());
  rows.counts.reserve(entries_.size());
  for (std::size_t i = 0; i + 1 < starts_.size(); ++i) {
    for (std::size_t e = starts_[i]; e < starts_[i + 1]; ++e) {
      const std::uint32_t feature = entries_[e].feature;
      const std::uint32_t column = (feature & kGram) != 0 ? gram_columns[feature & ~kGram] : word_columns[feature];
      if (column == WordMap::kNone) continue;
      rows.columns.push_back(column);
      rows.counts.push_back(entries_[e].count);
    }
    rows.starts.push_back(rows.columns.size());
  }
  rows.units = std::move(row_units_);
  return rows;
}

Result<CountedFeatures> FeatureCounter::finish(const LimitOptions& limits) {
  if (documents_ == 0) return fail(Code::invalid_argument, "there are no texts to count.");
  const double n = documents_;
  const double low = limits.min_df < 1 ? limits.min_df * n : limits.min_df;
  const double high = limits.max_df <= 1 ? limits.max_df * n : limits.max_df;
  if (high < low) {
    return fail(Code::invalid_argument, "max_df allows fewer texts (" + std::to_string(high) +
                                            ") than min_df asks for (" + std::to_string(low) + ").");
  }
  std::vector<std::uint32_t> features =
      features_in_order(static_cast<std::uint32_t>(std::min(std::ceil(low), 4294967295.0)),
                        static_cast<std::uint32_t>(std::min(high, 4294967295.0)));
  keep_most_frequent(features, static_cast<std::size_t>(limits.max_features));
  if (features.empty()) {
    return fail(Code::invalid_argument,
                "no feature is left: the texts hold only stop words, or min_df and max_df leave nothing.");
  }
  CountedFeatures result;
  result.document_frequency.reserve(features.size());
  result.frequency.reserve(features.size());
  std::vector<std::uint32_t> word_columns(word_tallies_.size(), WordMap::kNone);
  std::vector<std::uint32_t> gram_columns(gram_tallies_.size(), WordMap::kNone);
  for (std::uint32_t column = 0; column < features.size(); ++column) {
    const std::uint32_t feature = features[column];
    if (column + kAhead < features.size()) __builtin_prefetch(&tally_of(features[column + kAhead]));
    ((feature & kGram) != 0 ? gram_columns[feature & ~kGram] : word_columns[feature]) = column;
    result.document_frequency.push_back(tally_of(feature).documents);
    result.frequency.push_back(tally_of(feature).frequency);
  }
  result.documents = documents_;
  result.units = units_;
  if (keeps_rows_) result.rows = rows_of(word_columns, gram_columns);
  result.features = IG_TRY(feature_set(features, std::move(word_columns), std::move(gram_columns)));
  return result;
}

std::size_t FeatureCounter::counted_features() const {
  const auto counted = [](const Tally& tally) { return tally.documents != 0; };
  return static_cast<std::size_t>(std::ranges::count_if(word_tallies_, counted) +
                                  std::ranges::count_if(gram_tallies_, counted));
}

// When every feature stayed, the tables of counting serve as they are; else smaller ones are made.
Result<FeatureSet> FeatureCounter::feature_set(const std::vector<std::uint32_t>& features,
                                               std::vector<std::uint32_t> word_columns,
                                               std::vector<std::uint32_t> gram_columns) {
  StringPack names;
  names.reserve(features.size(), 8 * (spec_.min_n + spec_.max_n) * features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (i + kAhead < features.size() && (features[i + kAhead] & kGram) != 0) {
      grams_.prefetch_pair(features[i + kAhead] & ~kGram);
    }
    append_name(features[i], names);
    names.finish();
  }
  if (features.size() != counted_features()) return FeatureSet::make(spec_, std::move(names));
  return FeatureSet::assemble(spec_, analyzer_, std::move(names),
                              {flat_ ? std::move(strings_) : table_.release(), std::move(grams_),
                               std::move(word_columns), std::move(gram_columns)});
}

Result<CountedFeatures> count_features(const Dataset& data, const FeatureSpec& spec, const LimitOptions& limits,
                                       Occurrence occurrence, std::size_t row_limit, Context& context) {
  FeatureCounter counter(spec, IG_TRY(TextAnalyzer::make(spec.analyzer)), occurrence, row_limit);
  std::size_t texts = 0;
  const auto sink = [&](const Record& record) -> Status {
    counter.add(record.text);
    if (++texts % 1024 == 0) {
      IG_TRY(context.check());
      context.report({"count", "texts", static_cast<double>(texts), 0, 0});
    }
    return {};
  };
  IG_TRY(data.for_each(sink, context));
  return counter.finish(limits);
}

}  // namespace isogloss::tokens
