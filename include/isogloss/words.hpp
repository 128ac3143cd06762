// SPDX-License-Identifier: Apache-2.0
// Questions to the vectors of words: neighbours of sums and differences, analogies, the odd one out. All work on any
// Vocabulary with vectors; all are exact. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// "king - man + woman": words to add and words to take away.
struct WordSum {
  std::vector<std::string> plus;
  std::vector<std::string> minus;
  bool is_word() const { return plus.size() == 1 && minus.empty(); }
};

// Reads arithmetic as people paste it: straight and curly quotes around words, hyphen, minus sign and dashes with a
// blank on a side, "×" and "*" are refused; what stands behind "=" is left out and given in `ignored` (may be null). A
// text without operator is one word as it is. Error{invalid_argument} names the place.
Result<WordSum> parse_word_sum(std::string_view text, std::string* ignored = nullptr);

enum class AnalogyRule {
  add,       // 3CosAdd: cosine with the sum of the unit vectors (Mikolov et al. 2013)
  multiply,  // 3CosMul: product of (1 + cosine) / 2 over the quotient (Levy and Goldberg 2014); score is that quotient
};

struct NearestWords {
  std::vector<WordScore> words;       // best first; ties by word
  std::vector<std::string> excluded;  // words of the question, which are no answers
  std::vector<std::string> unseen;    // words of the question that are not in the vocabulary: from their parts
  std::vector<WordScore> would_be;    // the excluded ones that would have been among the n, with their scores
};

// The n words nearest to a sum; the words of the sum excluded, as word2vec and gensim do. With one word: its
// neighbours. Error{not_found} names a word that has no vector and the nearest one that has; Error{unsupported}: no
// vectors.
Result<NearestWords> nearest_words(const Vocabulary& words, const WordSum& sum, std::size_t n, AnalogyRule rule,
                                   Context& context);

struct NearestOptions {
  std::size_t n = 10;
  AnalogyRule rule = AnalogyRule::add;
  std::size_t among = SIZE_MAX;  // only the first words of the vocabulary are answers; files come most frequent first
};
// The same for many sums, in one pass over the vectors where the model can. Row i answers sums[i].
Result<std::vector<NearestWords>> nearest_words(const Vocabulary& words, std::span<const WordSum> sums,
                                                const NearestOptions& options, Context& context);

// Cosine of two words.
Result<double> word_similarity(const Vocabulary& words, std::string_view a, std::string_view b);

// The words with the cosine of each to the mean of all unit vectors, lowest first: the first is the odd one out
// (gensim's doesnt_match). Error{invalid_argument}: fewer than three.
Result<std::vector<WordScore>> odd_word(const Vocabulary& words, std::span<const std::string> list);

struct MeetingOptions {
  std::size_t window = 10;  // words on each side that count as near
  bool signs = false;       // signs are words of their own; false: words are what stands between blanks
  bool lowercase = false;   // put the text, and the words asked for, in lower case
};

// How often some words stand near each other in the records of a text.
struct Meetings {
  std::vector<std::uint64_t> occurrences;  // (words)
  std::vector<std::uint64_t> pairs;        // (words, words) both orders together; symmetric
  std::vector<double> weighted;            // (words, words) the same, a pair counting 1 / distance
};

// Counts pairs of `words` at most `window` words apart, every word of the text being one of the distance. Exact: depends
// neither on threads nor on order. Error{invalid_argument}: no words, a word twice, or more than fit a table.
Result<Meetings> count_meetings(const Dataset& data, std::span<const std::string> words, const MeetingOptions& options,
                                Context& context);

}  // namespace isogloss
