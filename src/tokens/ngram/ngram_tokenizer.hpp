// SPDX-License-Identifier: Apache-2.0
// fastText's subwords (subwords.hpp) as a tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "isogloss/tokens.hpp"
#include "tokens/ngram/subwords.hpp"
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

// Words at white space; each gives its own row when it is in the vocabulary, then those of its n-grams.
class NgramTokenizer final : public Tokenizer {
 public:
  NgramTokenizer(Vocabulary words, NgramRules rules);

  Status encode(std::string_view text, const EncodeOptions& options, Tokens& out) const override;
  // Error{unsupported}: n-grams know no pairs, and no way back to text.
  Status encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                     Tokens& out) const override;
  Result<std::string> decode(std::span<const std::uint32_t> ids, const DecodeOptions& options) const override;
  std::size_t vocabulary_size() const override { return words_.size() + subwords_.rule().bucket; }
  std::string_view piece(std::uint32_t id) const override {
    return id < words_.size() ? words_.piece(id) : std::string_view();
  }
  std::optional<std::uint32_t> find_piece(std::string_view piece) const override;
  std::optional<std::uint32_t> unknown_id() const override { return std::nullopt; }
  std::string_view type() const override { return "n-grams"; }
  std::vector<std::string> pieces(std::string_view text, const Tokens& tokens) const override;

 private:
  Vocabulary words_;
  Subwords subwords_;
};

}  // namespace isogloss::tokens
