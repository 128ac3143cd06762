// SPDX-License-Identifier: Apache-2.0
// Counting and ordering the columns of a row. A row of 40 words costs 500 ns by std::sort; with one bit per column and
// one bit per 64 of those, setting bits and walking over them in order costs 100. The bits and sums take 4.1 bytes a
// column, which a single short text must not pay for: a tally sorts until it has seen an eighth as many words as there
// are columns, and only then allocates them.
#include "tokens/counting/row_tally.hpp"

#include <algorithm>
#include <bit>

namespace isogloss::tokens {

void RowTally::tally(std::span<std::uint32_t> bag, CountRow& row) {
  row.columns.clear();
  row.counts.clear();
  seen_ += bag.size();
  if (sums_.empty() && seen_ > columns_ / 8) make_bits();
  if (sums_.empty()) {
    by_sorting(bag, row);
  } else {
    by_bits(bag, row);
  }
}

void RowTally::make_bits() {
  sums_.resize(columns_);
  bits_.resize(columns_ / 64 + 1);
  groups_.resize(bits_.size() / 64 + 1);
}

void RowTally::by_sorting(std::span<std::uint32_t> bag, CountRow& row) {
  std::ranges::sort(bag);
  for (std::size_t i = 0; i < bag.size();) {
    std::size_t end = i + 1;
    while (end < bag.size() && bag[end] == bag[i]) ++end;
    row.columns.push_back(bag[i]);
    row.counts.push_back(static_cast<std::int32_t>(end - i));
    i = end;
  }
}

void RowTally::by_bits(std::span<const std::uint32_t> bag, CountRow& row) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < bag.size(); ++i) {
    if (i + kAhead < bag.size()) __builtin_prefetch(&sums_[bag[i + kAhead]]);
    const std::uint32_t c = bag[i];
    ++sums_[c];
    bits_[c / 64] |= std::uint64_t{1} << c % 64;
    groups_[c / 4096] |= std::uint64_t{1} << c / 64 % 64;
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (std::uint64_t group = groups_[g]; group != 0; group &= group - 1) {
      const std::size_t word = g * 64 + static_cast<std::size_t>(std::countr_zero(group));
      for (std::uint64_t bits = bits_[word]; bits != 0; bits &= bits - 1) {
        const std::size_t c = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        row.columns.push_back(static_cast<std::uint32_t>(c));
        row.counts.push_back(sums_[c]);
        sums_[c] = 0;
      }
      bits_[word] = 0;
    }
    groups_[g] = 0;
  }
}

}  // namespace isogloss::tokens
