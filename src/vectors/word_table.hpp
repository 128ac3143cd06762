// SPDX-License-Identifier: Apache-2.0
// Words with a row each: what word2vec, GloVe and fastText leave behind. Immutable once made; thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"
#include "tokens/analysis/word_map.hpp"
#include "vectors/frozen_words.hpp"
#include "vectors/word_scan.hpp"

namespace isogloss::vectors {

inline FrozenWords frozen(const tokens::WordMap& words) {
  return FrozenWords(words.size(), [&](std::size_t i) { return words.word(static_cast<std::uint32_t>(i)); });
}

class WordTable {
 public:
  WordTable() = default;
  // rows: (words, dim). counts: (words) of the training text, or empty. REQUIRES: as many rows as words.
  WordTable(const tokens::WordMap& words, std::vector<float> rows, std::size_t dim, std::vector<std::uint64_t> counts);
  // The same with rows that `owner` keeps, a mapped file, and with codes of them or without.
  WordTable(FrozenWords words, std::shared_ptr<const void> owner, std::span<const float> rows, std::size_t dim,
            std::vector<std::uint64_t> counts, WordScan scan = {});

  std::size_t size() const { return words_.size(); }
  std::size_t dim() const { return dim_; }
  std::size_t bytes() const { return rows_.size_bytes() + words_.bytes() + counts_.size() * sizeof(std::uint64_t); }
  std::optional<std::size_t> find(std::string_view word) const { return words_.find(word); }
  std::string_view word(std::size_t index) const { return words_.word(index); }
  std::span<const float> row(std::size_t index) const { return rows_.subspan(index * dim_, dim_); }
  std::span<const float> rows() const { return rows_; }
  std::span<const std::uint64_t> counts() const { return counts_; }
  // Share of the training text that is this word; where counts are not known by Zipf's law, as files come most frequent
  // word first.
  double share(std::size_t index) const;
  // Cosine of `vector` (dim) with every row, 0 where one is zero. out: (size)
  Status cosines(std::span<const float> vector, std::span<float> out, Context& context) const;
  // As Vocabulary::nearest. With codes, the floats of few rows are read (word_scan.hpp); the answers are the same.
  Result<std::vector<std::vector<WordScore>>> nearest(std::span<const NearestRequest> requests, std::size_t n,
                                                      std::size_t among, Context& context) const;

  const FrozenWords& words() const { return words_; }
  const WordScan& scan() const { return scan_; }

 private:
  float cosine(std::span<const float> vector, float length, std::size_t index) const;

  FrozenWords words_;
  std::shared_ptr<const void> owner_;
  std::span<const float> rows_;  // (size, dim)
  WordScan scan_;                // empty: without
  std::size_t dim_ = 0;
  std::vector<std::uint64_t> counts_;  // (size) or empty
  double total_ = 1;                   // of the counts, or of Zipf's 1 / (rank + 1)
};

}  // namespace isogloss::vectors
