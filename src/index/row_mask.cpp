// SPDX-License-Identifier: Apache-2.0
// A filter comes as ids, the loops over rows want bits of rows. When the ids have no gaps (the usual case: numbers that
// were given out one after another) the filter's words are shifted into place, 64 rows at a time; else the two
// ascending lists are merged, with a binary search over the rows per word of the filter.
#include "index/row_mask.hpp"

#include <algorithm>
#include <bit>

#include "simd/kernels.hpp"

namespace isogloss::index {

std::size_t RowMask::count() const { return simd::kernels().count_bits(words_.data(), words_.size()); }

void RowMask::flip(std::size_t rows) {
  for (std::uint64_t& word : words_) word = ~word;
  if (rows % 64 != 0) words_.back() &= (1ULL << (rows % 64)) - 1;
}

void RowMask::rows_between(std::size_t begin, std::size_t end, std::vector<std::uint32_t>& out) const {
  for (std::size_t word = begin / 64; word * 64 < end; ++word) {
    std::uint64_t bits = words_[word];
    if (word * 64 < begin) bits &= ~0ULL << (begin & 63);
    if (word * 64 + 64 > end) bits &= (1ULL << (end & 63)) - 1;
    for (; bits != 0; bits &= bits - 1) {
      out.push_back(static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
    }
  }
}

std::size_t RowMask::count_between(std::size_t begin, std::size_t end) const {
  std::size_t total = 0;
  for (std::size_t word = begin / 64; word * 64 < end; ++word) {
    std::uint64_t bits = words_[word];
    if (word * 64 < begin) bits &= ~0ULL << (begin & 63);
    if (word * 64 + 64 > end) bits &= (1ULL << (end & 63)) - 1;
    total += static_cast<std::size_t>(std::popcount(bits));
  }
  return total;
}

std::optional<std::size_t> SortedIds::row_of(std::int64_t id) const {
  if (ids_.empty() || id < ids_.front() || id > ids_.back()) return std::nullopt;
  if (without_gaps()) return static_cast<std::size_t>(id - ids_.front());
  const auto place = std::ranges::lower_bound(ids_, id);
  if (place == ids_.end() || *place != id) return std::nullopt;
  return static_cast<std::size_t>(place - ids_.begin());
}

RowMask SortedIds::mask(const IdSet& filter, const RowMask* removed) const {
  RowMask out(size());
  if (ids_.empty()) return out;
  if (without_gaps()) {
    mask_shifted(filter, out);
  } else {
    mask_merged(filter, out);
  }
  if (removed != nullptr) {
    for (std::size_t i = 0; i < out.words().size(); ++i) out.words()[i] &= ~removed->words()[i];
  }
  return out;
}

void SortedIds::mask_shifted(const IdSet& filter, RowMask& out) const {
  const std::int64_t first = ids_.front();
  const auto words = filter.words();
  auto from = std::ranges::lower_bound(words, first >> 6, {}, &IdSet::Word::key);
  for (; from != words.end() && from->key <= (ids_.back() >> 6); ++from) {
    const std::int64_t row = from->key * 64 - first;  // of bit 0; may be negative in the first word
    std::uint64_t bits = from->bits;
    if (row < 0) {
      out.words()[0] |= bits >> -row;
      continue;
    }
    const auto word = static_cast<std::size_t>(row) / 64;
    const unsigned shift = static_cast<unsigned>(row) & 63U;
    out.words()[word] |= bits << shift;
    if (shift != 0 && word + 1 < out.words().size()) out.words()[word + 1] |= bits >> (64 - shift);
  }
  const std::size_t beyond = size() % 64;  // ids after the last one may have fallen into the last word
  if (beyond != 0) out.words().back() &= (1ULL << beyond) - 1;
}

void SortedIds::mask_merged(const IdSet& filter, RowMask& out) const {
  auto place = ids_.begin();
  for (const IdSet::Word& word : filter.words()) {
    place = std::lower_bound(place, ids_.end(), word.key * 64);
    for (; place != ids_.end() && (*place >> 6) == word.key; ++place) {
      if ((word.bits >> (*place & 63) & 1) != 0) out.insert(static_cast<std::size_t>(place - ids_.begin()));
    }
    if (place == ids_.end()) return;
  }
}

}  // namespace isogloss::index
