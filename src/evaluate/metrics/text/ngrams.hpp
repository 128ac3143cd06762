// SPDX-License-Identifier: Apache-2.0
// Counting n-grams exactly. A token is a number; an n-gram gets the number of the pair (its first n - 1 tokens, its
// last token), so orders are counted one after another with one table of pairs, whatever a token is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {

using Tokens = std::vector<std::uint32_t>;

// Numbers of words, from 0; kept for the life of the object.
class WordNumbers {
 public:
  WordNumbers() : slots_(1024, 0) {}
  std::uint32_t operator[](std::string_view word);
  std::size_t size() const { return words_.size(); }

 private:
  void grow();
  std::vector<std::string> words_;
  std::vector<std::uint32_t> hashes_;  // (words)
  std::vector<std::uint32_t> slots_;   // number + 1, 0 = free
};

struct Overlap {
  std::uint64_t hypothesis = 0, reference = 0, matched = 0;  // n-grams, matched: clipped by the counts of the reference
};

class NgramCounter {
 public:
  // out (orders): of orders 1, 2 ... `reference` counts those of the last reference; matches are clipped by the highest
  // count of any reference.
  void count(const Tokens& hypothesis, std::span<const Tokens> references, std::span<Overlap> out);

 private:
  void number_pairs(std::size_t order, std::span<const Tokens* const> all);

  std::vector<Tokens> current_;        // (sequences) numbers of the n-grams of the order at hand
  std::vector<std::uint64_t> keys_;    // table of pairs
  std::vector<std::uint32_t> values_;  // its numbers
  std::vector<std::uint32_t> in_hypothesis_, in_references_, in_one_;  // (n-grams) counts
  std::size_t distinct_ = 0;
};

// Checks the shapes of hypotheses and references.
Status check_segments(std::span<const std::string> hypotheses, References references);

// Calls visit(word) for the pieces between white space, as Python's str.split().
template <class Visit>
void each_word(std::string_view text, Visit&& visit);

}  // namespace isogloss::evaluation

#include "core/utf8.hpp"

namespace isogloss::evaluation {

template <class Visit>
void each_word(std::string_view text, Visit&& visit) {
  const char *p = text.data(), *const end = p + text.size(), *word = p;
  while (p < end) {
    const Decoded c = utf8_decode(p, end);
    if (is_space(c.code_point)) {
      if (p > word) visit(std::string_view(word, static_cast<std::size_t>(p - word)));
      word = p + c.size;
    }
    p += c.size;
  }
  if (end > word) visit(std::string_view(word, static_cast<std::size_t>(end - word)));
}

}  // namespace isogloss::evaluation
