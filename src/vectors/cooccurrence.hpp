// SPDX-License-Identifier: Apache-2.0
// How often words meet: every pair of words of a sentence at most `window` words apart counts 1 / distance, or 1.
//
// Counts are whole numbers of units, so that sums are exact: the cells and their counts depend neither on the number of
// threads nor on the memory that was allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/scratch_file.hpp"
#include "isogloss/context.hpp"
#include "isogloss/result.hpp"
#include "vectors/word_corpus.hpp"

namespace isogloss::vectors {

struct CooccurrenceRules {
  std::size_t window = 10;  // at least 1
  bool by_distance = true;  // a pair counts 1 / distance; false: 1
  bool symmetric = true;    // words of a pair have no order; false: the first is the row, the second the column
};

struct CooccurrenceCell {
  std::uint32_t row = 0;
  std::uint32_t column = 0;  // symmetric: not below row, and the cell stands for (column, row) too
  std::uint64_t units = 0;   // of the count; of (w, w) in symmetric tables twice its pairs, as both orders count

  double count() const { return static_cast<double>(units) * 0x1p-24; }
};

inline constexpr std::uint64_t kCountUnit = std::uint64_t{1} << 24;

// A pair of frequent words is counted in a table that is always there, others are appended to a buffer, which is sorted
// and summed when it is full. What exceeds the memory goes to a file of sorted runs without a name.
class CooccurrenceCounter {
 public:
  // words: of the vocabulary, by falling frequency. bytes: of memory to take at most, about.
  CooccurrenceCounter(std::size_t words, const CooccurrenceRules& rules, std::size_t bytes, std::size_t threads);
  ~CooccurrenceCounter();

  // Adds the sentences of some pieces of a corpus, on all threads.
  Status add(std::span<const CorpusPiece> pieces, Context& context);
  // All cells, by row, then column, once each. No add() after it.
  using Sink = std::function<Status(std::span<const CooccurrenceCell>)>;
  Status finish(const Sink& sink, Context& context);

  std::uint64_t spilled_bytes() const { return spill_ ? spill_->size() : 0; }

 private:
  struct Entry;
  struct Run;
  class Part;
  class Merge;
  void count_pairs(Part& part, std::span<const std::uint32_t> sentence, std::size_t begin, std::size_t end) const;
  Status count_piece(Part& part, std::span<const std::uint32_t> ids);
  Status keep(std::vector<Entry> run);
  Status keep_all();

  std::size_t words_;
  CooccurrenceRules rules_;
  std::vector<std::uint64_t> weights_;        // (window + 1) units by distance
  std::vector<std::size_t> starts_;           // (rows of the table + 1) where each begins
  std::vector<std::uint32_t> limits_;         // (rows of the table) columns from here on are not in it
  std::size_t buffer_ = 0;                    // entries of a part
  std::size_t memory_ = 0;                    // bytes of runs that may be kept
  std::vector<std::unique_ptr<Part>> parts_;  // one for every thread
  std::mutex mutex_;                          // of what follows
  std::size_t held_ = 0;
  std::vector<Run> runs_;
  std::unique_ptr<ScratchFile> spill_;
};

}  // namespace isogloss::vectors
