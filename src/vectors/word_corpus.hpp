// SPDX-License-Identifier: Apache-2.0
// A text as numbers of words: what the trainers of word vectors read. Frequent words have small numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/family.hpp"
#include "tokens/analysis/word_map.hpp"
#include "vectors/phrases.hpp"
#include "vectors/word_table.hpp"

namespace isogloss::tokens {
class WordCounts;
}

namespace isogloss::vectors {

// What a word is and which words are kept.
struct CorpusRules {
  bool lowercase = false;
  bool signs = false;  // false: words are what stands between blanks; true: as WordModel reads texts, signs alone
  std::uint64_t min_count = 5;  // rarer words are left out
  std::size_t max_vocab = 0;    // at most that many words, the most frequent; 0 = no limit
  std::size_t phrases = 0;      // levels of words joined to phrases (phrases.hpp)
  double phrase_threshold = 100;
};

// Those of a family whose options have these names.
template <class Options>
CorpusRules corpus_rules(const Options& options) {
  CorpusRules rules;
  rules.lowercase = options.lowercase;
  rules.signs = options.split == "words";
  rules.min_count = static_cast<std::uint64_t>(options.min_count);
  rules.max_vocab = static_cast<std::size_t>(options.max_vocab);
  return rules;
}

// Words that are there before the text is counted: those of a model that is trained further. All of them stay.
struct KnownWords {
  const WordTable* table = nullptr;  // null = none
  bool grow = true;                  // words of the text that are new are taken too, by the rules
};

inline constexpr std::uint32_t kSentenceEnd = 0xFFFFFFFFu;

// A run of whole sentences (or of a part of one that is very long).
struct CorpusPiece {
  std::span<const std::uint32_t> ids;  // of words; every sentence ends with kSentenceEnd
  std::uint64_t words = 0;             // in this piece
  std::uint64_t before = 0;            // words of the corpus before it
  std::size_t number = 0;
};

class WordCorpus {
 public:
  using Sink = std::function<Status(std::span<const CorpusPiece>)>;

  // Counts the words of `data`, on all threads. Error{invalid_argument} when no word is left. REQUIRES: `data` outlives
  // the corpus.
  static Result<WordCorpus> count(const Dataset& data, const CorpusRules& rules, Context& context,
                                  const KnownWords& known = {});

  const tokens::WordMap& words() const { return words_; }
  // (words) falling, those of a model trained before included; without growth in that model's order.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  std::uint64_t total() const { return total_; }  // words of the text that are in the vocabulary
  std::uint64_t seen() const { return seen_; }    // words of the text, kept or not

  // Keeps the text as 4 bytes a word, when this is no more than `bytes`; else every pass() reads the files again.
  Status hold(std::size_t bytes, Context& context);
  bool held() const { return held_; }
  void release();  // the opposite of hold()
  // The pieces in order: in one call when held, else in waves of about kWaveWords words. Pieces are the same either
  // way. Error{corrupt_data} when the text is no longer the one that was counted.
  Status pass(const Sink& sink, Context& context) const;

 private:
  void take(std::string_view word, std::uint64_t count, std::uint64_t in_text);
  void merge(const WordTable& known, bool grow, const tokens::WordCounts& all, std::span<const std::uint32_t> ranked);
  Status encode_block(std::size_t block, Context& context, const std::function<Status(std::uint32_t)>& sink) const;

  const Dataset* data_ = nullptr;
  CorpusRules rules_;
  Phrases phrases_;
  tokens::WordMap words_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t seen_ = 0;
  bool held_ = false;
  std::vector<std::uint32_t> ids_;
};

// A hash of all that has to be equal for a training on a corpus to be the same: what and with which options, the seed,
// the text by its counts, the model it starts from by its space.
std::string training_mark(std::string_view what, const OptionValues& options, const WordCorpus& corpus,
                          std::string_view base, const Context& context);

}  // namespace isogloss::vectors
