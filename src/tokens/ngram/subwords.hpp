// SPDX-License-Identifier: Apache-2.0
// Which rows of the input matrix stand for a word, by fastText's rule (Bojanowski et al. 2017, section 3.2, and the
// source of facebookresearch/fastText 1142dc4 where the paper is silent):
//
//   the n-grams of <word> of minn to maxn code points, without the single '<' and '>', from left to right, short before
//   long; each hashed by FNV-1a over its bytes, taken as signed, to one of `bucket` rows behind those of the words
//
// so "where" has at 3 letters <wh whe her ere re>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace isogloss::tokens {

inline constexpr std::string_view kLineEnd = "</s>";  // the word at the end of every line, which has no n-grams

// FNV-1a of the bytes, each widened with its sign, as the files of others need.
inline constexpr std::uint32_t kHashStart = 2166136261U;  // floret's seed, too
inline std::uint32_t hash_byte(std::uint32_t hash, char byte) {
  return (hash ^ static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<signed char>(byte)))) * 16777619U;
}
inline std::uint32_t word_hash(std::string_view word) {
  std::uint32_t hash = kHashStart;
  for (const char c : word) hash = hash_byte(hash, c);
  return hash;
}

// An n-gram of <word>.
struct Ngram {
  std::string_view text;  // in <word>
  std::uint32_t hash = 0;
  std::size_t begin = 0;  // bytes in `word` itself
  std::size_t end = 0;
};

class Subwords {
 public:
  struct Rule {
    std::size_t minn = 0;  // code points
    std::size_t maxn = 0;  // 0 = no n-grams
    std::size_t bucket = 0;
    // 0: as above. 1 to 4: as floret (explosion/floret 0.10) has it: words have no rows of their own; <word> and each of
    // its n-grams have so many rows of the bucket, by the words of murmur3_128.
    std::size_t hashes = 0;
  };
  Subwords() = default;
  // Rows 0 .. words - 1 are those of words.
  Subwords(std::size_t words, Rule rule) : words_(words), rule_(rule) {}
  // Only these buckets are left; where their row is behind the words.
  void keep_only(std::unordered_map<std::uint32_t, std::uint32_t> kept) {
    pruned_ = true;
    kept_ = std::move(kept);
  }

  bool has_ngrams() const { return rule_.bucket > 0 && (rule_.maxn > 0 || rule_.hashes > 0); }
  const Rule& rule() const { return rule_; }

  // Calls gram(Ngram) for every n-gram of a word.
  template <class Gram>
  void each_ngram(std::string_view word, Gram&& gram) const;
  // Adds the rows of the word's n-grams.
  void add_ngrams(std::string_view word, std::vector<std::uint32_t>& rows) const;
  // Adds the rows of runs of 2 to `longest` words, each hashed by word_hash. hashes: (words of a line)
  void add_word_ngrams(std::span<const std::uint32_t> hashes, std::size_t longest,
                       std::vector<std::uint32_t>& rows) const;
  // Adds the rows that floret has for a piece of <word>.
  void add_hashed(std::string_view piece, std::vector<std::uint32_t>& rows) const;
  // The row of a hash; false when it was left out. REQUIRES: a bucket.
  bool row_of(std::uint64_t hash, std::uint32_t& row) const;

 private:
  std::size_t words_ = 0;
  Rule rule_;
  bool pruned_ = false;
  std::unordered_map<std::uint32_t, std::uint32_t> kept_;
};

inline bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

template <class Gram>
void Subwords::each_ngram(std::string_view word, Gram&& gram) const {
  if (rule_.maxn == 0 || word == kLineEnd) return;
  std::string framed;
  framed.reserve(word.size() + 2);
  framed += '<';
  framed += word;
  framed += '>';
  for (std::size_t i = 0; i < framed.size(); ++i) {
    if (continues_code_point(framed[i])) continue;
    std::uint32_t hash = kHashStart;
    for (std::size_t j = i, n = 1; j < framed.size() && n <= rule_.maxn; ++n) {
      do {
        hash = hash_byte(hash, framed[j++]);
      } while (j < framed.size() && continues_code_point(framed[j]));
      if (n < rule_.minn || (n == 1 && (i == 0 || j == framed.size()))) continue;
      const std::size_t begin = i == 0 ? 0 : i - 1;
      gram(Ngram{std::string_view(framed).substr(i, j - i), hash, begin, j == framed.size() ? word.size() : j - 1});
    }
  }
}

}  // namespace isogloss::tokens
