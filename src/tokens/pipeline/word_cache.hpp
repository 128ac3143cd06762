// SPDX-License-Identifier: Apache-2.0
// What words became, remembered: a table of fixed size, one per thread, shared by all models of the thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/hash.hpp"
#include "tokens/pipeline/subword_model.hpp"

namespace isogloss::tokens {

// Direct-mapped: a word has one place and drives out what was there. 4,096 places of one cache line each, 256 KiB; words
// of up to 22 bytes that become up to 8 pieces. Of the words of 10 MB of English Wikipedia that are no piece of GPT-2's
// vocabulary a simulated table of this size finds 45 %, one of 1,024 places 37 %, one of 16,384 places 55 %; tokenizing
// was slower with 8,192 and 16,384 places than with 4,096. Not thread-safe.
class WordCache {
 public:
  static WordCache& of_thread();
  // A number for a model; its words are its own.
  static std::uint32_t new_owner();

  // Appends the pieces of `word`, which starts at `begin` of the text; false when it is not remembered.
  bool find(std::uint32_t owner, std::string_view word, std::uint32_t begin, Pieces& out) const {
    if (word.size() > kMaxBytes) return false;
    const Entry& entry = entries_[place(owner, word)];
    if (entry.owner != owner || entry.size != word.size() || std::memcmp(entry.word, word.data(), word.size()) != 0) {
      return false;
    }
    std::uint32_t at = begin;
    for (std::uint8_t i = 0; i < entry.count; ++i) {
      const std::uint32_t end = at + (entry.pieces[i] >> kIdBits);
      out.push_back({entry.pieces[i] & kIdMask, at, end});
      at = end;
    }
    return true;
  }

  // Remembers that `word` became `pieces`, which lie one behind the other. Words that do not fit are left out.
  void put(std::uint32_t owner, std::string_view word, std::span<const Piece> pieces) {
    if (word.size() > kMaxBytes || pieces.size() > kMaxPieces) return;
    Entry& entry = entries_[place(owner, word)];
    entry.owner = owner;
    entry.size = static_cast<std::uint8_t>(word.size());
    entry.count = static_cast<std::uint8_t>(pieces.size());
    std::memcpy(entry.word, word.data(), word.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      entry.pieces[i] = pieces[i].id | (pieces[i].end - pieces[i].begin) << kIdBits;
    }
  }

 private:
  static constexpr std::size_t kPlaces = 4096;
  static constexpr std::size_t kMaxBytes = 22;
  static constexpr std::size_t kMaxPieces = 8;
  static constexpr std::uint32_t kIdBits = 24;  // Vocabulary::kMaxId has 23
  static constexpr std::uint32_t kIdMask = (1u << kIdBits) - 1;
  struct alignas(64) Entry {
    std::uint32_t owner = 0;  // 0 = empty
    std::uint8_t size = 0;
    std::uint8_t count = 0;
    char word[kMaxBytes] = {};
    std::array<std::uint32_t, kMaxPieces> pieces = {};  // id, and bytes above it
  };
  static_assert(sizeof(Entry) == 64);

  static std::size_t place(std::uint32_t owner, std::string_view word) {
    return hash64(word, owner) & (kPlaces - 1);
  }

  std::array<Entry, kPlaces> entries_;
};

}  // namespace isogloss::tokens
