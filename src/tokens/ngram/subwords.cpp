// SPDX-License-Identifier: Apache-2.0
#include "tokens/ngram/subwords.hpp"

#include <array>

#include "core/hash.hpp"

namespace isogloss::tokens {

bool Subwords::row_of(std::uint64_t hash, std::uint32_t& row) const {
  auto place = static_cast<std::uint32_t>(hash % rule_.bucket);
  if (pruned_) {
    const auto found = kept_.find(place);
    if (found == kept_.end()) return false;
    place = found->second;
  }
  row = static_cast<std::uint32_t>(words_) + place;
  return true;
}

void Subwords::add_ngrams(std::string_view word, std::vector<std::uint32_t>& rows) const {
  if (!has_ngrams() || (pruned_ && kept_.empty())) return;
  if (rule_.hashes > 0) {
    if (word != kLineEnd) add_hashed("<" + std::string(word) + ">", rows);
    each_ngram(word, [&](const Ngram& gram) { add_hashed(gram.text, rows); });
    return;
  }
  each_ngram(word, [&](const Ngram& gram) {
    std::uint32_t row = 0;
    if (row_of(gram.hash, row)) rows.push_back(row);
  });
}

void Subwords::add_hashed(std::string_view piece, std::vector<std::uint32_t>& rows) const {
  const std::array<std::uint32_t, 4> hashes = murmur3_128(piece, kHashStart);
  for (std::size_t i = 0; i < rule_.hashes; ++i) {
    rows.push_back(static_cast<std::uint32_t>(hashes[i] % rule_.bucket));
  }
}

// h = h * 116049371 + next in 64 bits, the 32-bit hashes widened with their sign.
void Subwords::add_word_ngrams(std::span<const std::uint32_t> hashes, std::size_t longest,
                               std::vector<std::uint32_t>& rows) const {
  if (rule_.bucket == 0 || (pruned_ && kept_.empty())) return;
  const auto widened = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(hashes[i])));
  };
  for (std::size_t i = 0; longest > 1 && i < hashes.size(); ++i) {
    std::uint64_t hash = widened(i);
    for (std::size_t j = i + 1; j < hashes.size() && j - i < longest; ++j) {
      hash = hash * 116049371U + widened(j);
      std::uint32_t row = 0;
      if (row_of(hash, row)) rows.push_back(row);
    }
  }
}

}  // namespace isogloss::tokens
