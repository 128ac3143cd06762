// SPDX-License-Identifier: Apache-2.0
// SentencePiece's precompiled character map: byte strings and what they become.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// Immutable and thread-safe.
class Charsmap {
 public:
  // `bytes`: u32 size of the trie in bytes, the trie, the texts. Error{corrupt_data}: sizes that do not fit, texts that
  // are not UTF-8 or not terminated.
  static Result<Charsmap> read(std::string_view bytes);

  struct Found {
    std::size_t size;       // bytes of the key
    std::string_view text;  // what it becomes
  };
  // The longest key that `text` begins with: SentencePiece's own rule.
  std::optional<Found> longest(std::string_view text) const;
  // What the shortest key that `text` begins with becomes: the Hugging Face library's rule.
  std::optional<std::string_view> shortest(std::string_view text) const;

 private:
  template <class Visit>
  void prefixes(std::string_view text, Visit&& visit) const;
  std::string_view text_at(std::uint32_t place) const { return std::string_view(texts_.data() + place); }

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

// Bytes of the extended grapheme cluster (Unicode Standard Annex 29) that `text` begins with. Flags and Indic conjuncts
// are cut after their first letter: no such cluster is below six bytes, which is where the answer is used.
// REQUIRES: not empty.
std::size_t cluster_size(std::string_view text);

}  // namespace isogloss::tokens
