// SPDX-License-Identifier: Apache-2.0
// The words of a vocabulary by their scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "isogloss/model.hpp"

namespace isogloss {

// The n best, best first, ties by word; `taken`, a few indexes, are left out. word_of(index) gives a word.
template <class Score, class WordOf>
std::vector<WordScore> best_words(std::span<const Score> scores, const WordOf& word_of,
                                  std::span<const std::size_t> taken, std::size_t n) {
  std::vector<std::uint32_t> order;
  order.reserve(scores.size());
  for (std::uint32_t i = 0; i < scores.size(); ++i) {
    if (std::ranges::find(taken, i) == taken.end()) order.push_back(i);
  }
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : word_of(a) < word_of(b);
  };
  const auto kept = order.begin() + static_cast<std::ptrdiff_t>(std::min(n, order.size()));
  std::ranges::partial_sort(order, kept, better);
  std::vector<WordScore> best;
  for (auto it = order.begin(); it != kept; ++it) {
    best.push_back({std::string(word_of(*it)), static_cast<double>(scores[*it])});
  }
  return best;
}

}  // namespace isogloss
