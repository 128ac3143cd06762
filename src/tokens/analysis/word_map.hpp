// SPDX-License-Identifier: Apache-2.0
// Words <-> numbers: an interner with ids in order of first insertion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/hash.hpp"

namespace isogloss::tokens {

// A word ready to be looked up. Words of at most 8 bytes are their own key; longer ones are keyed by a hash and
// compared in full.
struct WordKey {
  std::uint64_t bits = 0;
  std::string_view word;

  // REQUIRES: 8 bytes may be read from word.data(), whatever its size (WordBuffer's slack).
  static WordKey padded(std::string_view word) {
    if (word.size() > 8) return {hash64(word), word};
    const std::uint64_t mask = word.empty() ? 0 : ~std::uint64_t{0} >> (64 - 8 * word.size());
    return {hash_detail::load8(word.data()) & mask, word};
  }
  static WordKey of(std::string_view word) {
    if (word.size() > 8) return {hash64(word), word};
    WordKey key{0, word};
    if (!word.empty()) std::memcpy(&key.bits, word.data(), word.size());
    return key;
  }
  // Place in a table; the size separates "a" from "a\0".
  std::uint64_t hash() const { return hash64(bits + word.size()); }
};

// Not thread-safe for inserting; several threads may find. At most 2^31 words.
class WordMap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  WordMap() : slots_(kFirstSlots) {}

  // Brings the cache line of a word nearer, for one who looks up many.
  void prefetch(const WordKey& key) const { __builtin_prefetch(&slots_[key.hash() & (slots_.size() - 1)]); }
  std::uint32_t find(const WordKey& key) const { return slots_[place_of(key)].id; }
  std::uint32_t find(std::string_view word) const { return find(WordKey::of(word)); }

  // The id of the word, a new one when it is not there yet.
  std::uint32_t insert(const WordKey& key) {
    Slot& slot = slots_[place_of(key)];
    return slot.id != kNone ? slot.id : add(slot, key);
  }
  std::uint32_t insert(std::string_view word) { return insert(WordKey::of(word)); }

  std::size_t size() const { return ends_.size(); }
  // Valid until the next insert. REQUIRES: id < size().
  std::string_view word(std::uint32_t id) const {
    const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
    return {arena_.data() + begin, ends_[id] - begin};
  }
  std::size_t bytes() const {
    return slots_.size() * sizeof(Slot) + arena_.capacity() + ends_.capacity() * sizeof(std::size_t);
  }
  void reserve(std::size_t words);

 private:
  static constexpr std::size_t kFirstSlots = 1024;
  struct Slot {
    std::uint64_t bits = 0;
    std::uint32_t size = 0;
    std::uint32_t id = kNone;
  };

  std::size_t place_of(const WordKey& key) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t place = key.hash() & mask;; place = (place + 1) & mask) {
      const Slot& slot = slots_[place];
      if (slot.id == kNone) return place;
      if (slot.bits == key.bits && slot.size == static_cast<std::uint32_t>(key.word.size()) &&
          (slot.size <= 8 || word(slot.id) == key.word)) {
        return place;
      }
    }
  }
  std::uint32_t add(Slot& slot, const WordKey& key);
  void rehash(std::size_t slots);

  std::vector<Slot> slots_;        // a power of two, at most half full
  std::vector<char> arena_;        // the words one after another
  std::vector<std::size_t> ends_;  // (words) where each ends
};

// (number, number) -> number, in order of first insertion: n-grams as (n-gram of n-1 words, word). Same rules.
class PairMap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  static std::uint64_t key(std::uint32_t first, std::uint32_t second) {
    return static_cast<std::uint64_t>(first) << 32 | second;
  }
  PairMap() : slots_(kFirstSlots) {}

  // Brings the cache line of a key nearer; worth it for a batch of keys on a map larger than the caches.
  void prefetch(std::uint64_t pair) const { __builtin_prefetch(&slots_[hash64(pair) & (slots_.size() - 1)]); }
  std::uint32_t find(std::uint64_t pair) const { return slots_[place_of(pair)].id; }
  std::uint32_t insert(std::uint64_t pair) {
    Slot& slot = slots_[place_of(pair)];
    return slot.id != kNone ? slot.id : add(slot, pair);
  }
  std::size_t size() const { return pairs_.size(); }
  std::uint64_t pair(std::uint32_t id) const { return pairs_[id]; }  // REQUIRES: id < size()
  void prefetch_pair(std::uint32_t id) const { __builtin_prefetch(&pairs_[id]); }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot) + pairs_.capacity() * sizeof(std::uint64_t); }
  void reserve(std::size_t pairs);

 private:
  static constexpr std::size_t kFirstSlots = 1024;
  struct Slot {
    std::uint64_t pair = 0;
    std::uint32_t id = kNone;
  };
  std::size_t place_of(std::uint64_t pair) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t place = hash64(pair) & mask;; place = (place + 1) & mask) {
      if (slots_[place].id == kNone || slots_[place].pair == pair) return place;
    }
  }
  std::uint32_t add(Slot& slot, std::uint64_t pair);
  void rehash(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two, at most 7/10 full: larger maps miss the caches
  std::vector<std::uint64_t> pairs_;
};

}  // namespace isogloss::tokens
