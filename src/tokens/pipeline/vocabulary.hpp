// SPDX-License-Identifier: Apache-2.0
// The pieces of a subword model, numbered: id -> text and text -> id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.hpp"

namespace isogloss::tokens {

// Texts with a number each, found by hashing: open addressing, 16 bytes an entry, at most half full. A look-up costs
// one hash and in most cases one entry and one text. Not thread-safe while insert() runs.
class PieceTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // Later insertions of the same text win. REQUIRES: id != kNone.
  void insert(std::string_view text, std::uint32_t id);
  void reserve(std::size_t pieces);
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot) + arena_.capacity(); }

  std::uint32_t find(std::string_view text) const { return find(text, hash64(text)); }
  // In two steps, so that the wait for memory passes while other texts are looked up: `hash` is hash64(text).
  void prefetch(std::uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask_]);
  }
  std::uint32_t find(std::string_view text, std::uint64_t hash) const {
    if (slots_.empty()) return kNone;
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.id == kNone) return kNone;
      if (slot.tag == static_cast<std::uint32_t>(hash >> 32) && slot.size == text.size() &&
          std::memcmp(arena_.data() + slot.place, text.data(), text.size()) == 0) {
        return slot.id;
      }
    }
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;  // upper half of the hash
    std::uint32_t id = kNone;
    std::uint32_t place = 0;  // in the arena
    std::uint32_t size = 0;
  };
  void grow(std::size_t slots);

  std::vector<Slot> slots_;
  std::string arena_;
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

// All pieces of a model. Ids may have holes; a text may have several ids (the last one is found). Immutable once built.
class Vocabulary {
 public:
  // REQUIRES: id < 2^23.
  void add(std::string_view piece, std::uint32_t id);
  std::size_t size() const { return pieces_.size(); }  // largest id + 1
  // Distinct texts.
  std::size_t distinct() const { return table_.size(); }
  bool contains(std::uint32_t id) const { return id < pieces_.size() && pieces_[id].present; }
  // Empty for a hole. REQUIRES: id < size().
  std::string_view piece(std::uint32_t id) const { return pieces_[id].text; }
  std::uint32_t find(std::string_view piece) const { return table_.find(piece); }  // PieceTable::kNone when absent

  static constexpr std::uint32_t kMaxId = (1u << 23) - 1;

 private:
  struct Entry {
    std::string text;
    bool present = false;
  };
  std::vector<Entry> pieces_;
  PieceTable table_;
};

}  // namespace isogloss::tokens
