// SPDX-License-Identifier: Apache-2.0
// Words that are known as a whole, looked up in the order of a text.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/hash.hpp"
#include "tokens/pipeline/vocabulary.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// A word of at most 15 bytes as two numbers: its bytes, zeros, and its size in the last byte. Two words are equal when
// the numbers are, so that neither hashing nor comparing branches on the size, which no processor can foresee.
struct ShortWord {
  static constexpr std::size_t kMaxBytes = 15;
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  // REQUIRES: [p, p + size) lies in front of `end`, size <= kMaxBytes.
  static ShortWord read(const char* p, std::size_t size, const char* end) {
    std::uint64_t halves[2] = {0, 0};
    if (end - p >= 16) [[likely]] {  // also what is behind the word may be read
      std::memcpy(halves, p, 16);
      halves[0] &= kMasks[size][0];
      halves[1] &= kMasks[size][1];
    } else {
      std::memcpy(halves, p, size);
    }
    return {halves[0], halves[1] | static_cast<std::uint64_t>(size) << 56};
  }
  std::uint64_t hash() const { return hash_mix(low ^ hash_detail::kSecond, high ^ hash_detail::kMultiplier); }
  bool operator==(const ShortWord&) const = default;

 private:
  static constexpr std::array<std::array<std::uint64_t, 2>, kMaxBytes + 1> kMasks = [] {
    std::array<std::array<std::uint64_t, 2>, kMaxBytes + 1> masks{};
    for (std::size_t size = 0; size <= kMaxBytes; ++size) {
      for (std::size_t i = 0; i < size; ++i) masks[size][i / 8] |= std::uint64_t{0xFF} << 8 * (i % 8);
    }
    return masks;
  }();
};

// Word -> id, short words in slots of 24 bytes, a third of them empty. Immutable once filled; thread-safe then.
class WordTable {
 public:
  static constexpr std::uint32_t kNone = PieceTable::kNone;

  // A word ready to be looked up.
  struct Key {
    ShortWord word;      // of a short one
    std::uint64_t hash;  // of any
    bool is_short;
  };
  // REQUIRES: `word` lies in front of `end`.
  static Key key(std::string_view word, const char* end) {
    if (word.size() > ShortWord::kMaxBytes) return {{}, hash64(word), false};
    const ShortWord read = ShortWord::read(word.data(), word.size(), end);
    return {read, read.hash(), true};
  }

  // Replaces what the table holds; of equal words the last one counts.
  void fill(std::span<const std::pair<std::string, std::uint32_t>> words);

  // Asks for the memory where the word would be, for one who looks up many.
  void prefetch(const Key& key) const {
    if (key.is_short) __builtin_prefetch(&slots_[place(key.hash)]);
  }
  std::uint32_t find(const Key& key, std::string_view word) const {
    if (!key.is_short) return long_.find(word, key.hash);
    for (std::size_t at = place(key.hash);; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.word == key.word || slot.id == kNone) return slot.id;
    }
  }

  // Calls visit(word, bytes, id) for every word of `text` in order; id = kNone: not known. The table is larger than the
  // caches next to the core, so each word's memory is asked for while those in front of it are looked up.
  template <class Visit>
  void find_each(std::string_view text, std::span<const Word> words, Visit&& visit) const {
    const char* const end = text.data() + text.size();
    std::array<Key, kAhead> keys;
    const auto bytes_of = [&](std::size_t i) { return text.substr(words[i].begin, words[i].end - words[i].begin); };
    const auto ask = [&](std::size_t i) {
      keys[i % kAhead] = key(bytes_of(i), end);
      prefetch(keys[i % kAhead]);
    };
    for (std::size_t i = 0; i < std::min(words.size(), kAhead); ++i) ask(i);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view bytes = bytes_of(i);
      const std::uint32_t id = find(keys[i % kAhead], bytes);
      if (i + kAhead < words.size()) ask(i + kAhead);
      visit(words[i], bytes, id);
    }
  }

 private:
  static constexpr std::size_t kAhead = 8;
  struct Slot {
    ShortWord word;
    std::uint32_t id = kNone;
  };
  std::size_t place(std::uint64_t hash) const { return static_cast<std::size_t>((hash >> 32) * slots_.size() >> 32); }
  std::size_t next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  std::vector<Slot> slots_ = std::vector<Slot>(1);
  PieceTable long_;
};

}  // namespace isogloss::tokens
