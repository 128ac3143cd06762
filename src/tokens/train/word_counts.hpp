// SPDX-License-Identifier: Apache-2.0
// How often each distinct word of a corpus occurs: all that the trainers of tokenizers ever look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/family.hpp"
#include "tokens/normalize/normalizer.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// Distinct words in the order they were first added, each with its count. Open addressing over one arena: about 40
// bytes a word beside its text. Not thread-safe while it changes.
class WordCounts {
 public:
  void add(std::string_view word, std::uint64_t count = 1);
  std::size_t size() const { return entries_.size(); }
  std::string_view word(std::size_t i) const { return {arena_.data() + entries_[i].place, entries_[i].size}; }
  std::uint64_t count(std::size_t i) const { return entries_[i].count; }
  std::uint64_t total() const;  // words, each as often as it occurs
  std::size_t text_bytes() const { return arena_.size(); }

  // Drops the rarest words until `keep` are left; of equally rare ones those that came later. Returns the highest count
  // that was dropped (0 = none).
  std::uint64_t prune(std::size_t keep);
  // The numbers of the words by falling count, equal ones by their bytes. (words)
  std::vector<std::uint32_t> ranked() const;

 private:
  struct Entry {
    std::uint64_t place;
    std::uint64_t count;
    std::uint32_t size;
    std::uint32_t tag;  // upper half of the hash
  };
  void grow(std::size_t slots);

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // number of the entry + 1; 0 = empty
  std::string arena_;
  std::size_t mask_ = 0;
};

// The words of all blocks of `data`: count(block, out) on all threads, merged in their order, so that the result does
// not depend on the number of threads, not even when rare words had to go: whenever too_many(all), the rarest half
// does, and complain(n) is told at the end that words seen up to n times by then are missing.
Result<WordCounts> count_blocks(const Dataset& data,
                                const std::function<Status(std::size_t block, WordCounts& out)>& count,
                                const std::function<bool(const WordCounts& all)>& too_many,
                                const std::function<void(std::uint64_t n)>& complain, Context& context);

struct WordRules {
  const NormalizerChain* normalizer = nullptr;
  std::span<const SplitterPtr> splitters;
  bool byte_alphabet = false;  // the words come as bytes and are to be written in the byte alphabet
  std::size_t max_words = 0;   // distinct ones that are kept while counting, 64 bytes each on average; 0 = no limit
};

// Normalises and splits every record of `data` and counts the words, as count_blocks does.
Result<WordCounts> count_words(const Dataset& data, const WordRules& rules, Context& context);

}  // namespace isogloss::tokens
