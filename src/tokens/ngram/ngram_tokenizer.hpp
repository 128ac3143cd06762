// SPDX-License-Identifier: Apache-2.0
// fastText's subwords (Bojanowski et al. 2017): a word between < and > is the sum of its character n-grams, which are
// found by hashing. Rules and hash are those of fastText 0.9 (dictionary.cc), signed bytes included.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "isogloss/tokens.hpp"
#include "tokens/pipeline/vocabulary.hpp"

namespace isogloss::tokens {

struct NgramRules {
  std::uint32_t min_length = 3;  // in code points, < and > included
  std::uint32_t max_length = 6;
  std::uint32_t buckets = 2'000'000;  // 0 = words alone
  // Quantised models keep some buckets only: old number -> new one. Unset = all.
  bool pruned = false;
  std::unordered_map<std::uint32_t, std::uint32_t> kept;
};

// Hash of an n-gram: FNV-1a over 32 bits, where bytes from 0x80 on count as negative numbers.
std::uint32_t fasttext_hash(std::string_view text);

// Words at white space; each gives its own row when it is in the vocabulary, then those of its n-grams.
class NgramTokenizer final : public Tokenizer {
 public:
  NgramTokenizer(Vocabulary words, NgramRules rules) : words_(std::move(words)), rules_(std::move(rules)) {}

  Status encode(std::string_view text, const EncodeOptions& options, Tokens& out) const override;
  // Error{unsupported}: n-grams know no pairs, and no way back to text.
  Status encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                     Tokens& out) const override;
  Result<std::string> decode(std::span<const std::uint32_t> ids, const DecodeOptions& options) const override;
  std::size_t vocabulary_size() const override { return words_.size() + rules_.buckets; }
  std::string_view piece(std::uint32_t id) const override {
    return id < words_.size() ? words_.piece(id) : std::string_view();
  }
  std::optional<std::uint32_t> find_piece(std::string_view piece) const override;
  std::optional<std::uint32_t> unknown_id() const override { return std::nullopt; }
  std::string_view type() const override { return "n-grams"; }
  std::vector<std::string> pieces(std::string_view text, const Tokens& tokens) const override;

 private:
  template <class Visit>
  void each_ngram(std::string_view word, Visit&& visit) const;

  Vocabulary words_;
  NgramRules rules_;
};

}  // namespace isogloss::tokens
