// SPDX-License-Identifier: Apache-2.0
// Tokens that stand beside the model's own pieces and are found in the text before anything else: "[MASK]", "<|eot|>".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokens/pipeline/double_array.hpp"

namespace isogloss::tokens {

struct AddedToken {
  std::uint32_t id = 0;
  std::string content;
  bool single_word = false;  // not inside a word
  bool left_strip = false;   // takes the white space before it
  bool right_strip = false;  // and behind it
  bool normalized = false;   // is looked for in the normalised text
  bool as_written = false;   // ... as it stands here, not as the normaliser would write it
  bool special = false;      // left out by decode(skip special tokens)
};

inline AddedToken special_token(std::string_view content, std::uint32_t id) {
  AddedToken token;
  token.id = id;
  token.content = content;
  token.special = true;
  return token;
}

// Finds a fixed set of texts, leftmost and of those that start there the longest. Immutable and thread-safe.
class TokenFinder {
 public:
  struct Entry {
    std::string text;
    AddedToken token;
  };
  explicit TokenFinder(std::vector<Entry> entries);
  bool empty() const { return entries_.empty(); }

  struct Found {
    std::size_t begin;
    std::size_t end;
    const AddedToken* token;
  };
  // Replaces `out` by the tokens of `text` in order, each with the white space it takes.
  void find(std::string_view text, std::vector<Found>& out) const;

 private:
  bool accepts(std::string_view text, const Found& found) const;

  std::vector<Entry> entries_;
  DoubleArray trie_;
  bool begins_[256] = {};  // bytes that some token begins with
  unsigned char only_first_ = 0;
  bool one_first_ = false;  // all tokens begin with the same byte
};

}  // namespace isogloss::tokens
