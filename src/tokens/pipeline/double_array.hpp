// SPDX-License-Identifier: Apache-2.0
// A trie of byte strings in one array: the child of a node for byte c lies at base XOR c (Aoe 1989, in the XOR form of
// Yata's darts-clone). A step is one load of 8 bytes and one comparison.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace isogloss::tokens {

// Immutable once built; thread-safe.
class DoubleArray {
  static constexpr std::uint32_t kLabelBits = 9;
  static constexpr std::uint32_t kLabelMask = (1u << kLabelBits) - 1;
  static constexpr std::uint32_t kFree = 0x100;  // a label that is no byte
  struct Unit {
    std::uint32_t base = 0;     // of the children
    std::uint32_t tag = kFree;  // label, and value + 1 above it
  };

 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  DoubleArray() = default;
  // Keys with their values; of equal keys the last one counts, empty keys are left out. REQUIRES: values < 2^23 - 1.
  explicit DoubleArray(std::vector<std::pair<std::string_view, std::uint32_t>> keys);

  bool empty() const { return units_.empty(); }
  std::size_t bytes() const { return units_.capacity() * sizeof(Unit); }

  // A place in the trie.
  class Cursor {
   public:
    explicit Cursor(const DoubleArray& trie) : units_(trie.units_.data()), base_(trie.empty() ? 0 : units_[0].base) {}
    // Goes down by one byte; false when no key continues so, and then the cursor is used no more.
    bool step(char c) {
      const auto byte = static_cast<unsigned char>(c);
      const Unit unit = units_[base_ ^ byte];
      if ((unit.tag & kLabelMask) != byte) return false;
      base_ = unit.base;
      tag_ = unit.tag;
      return true;
    }
    // Value of the key that ends here, kNone = none does.
    std::uint32_t value() const { return has_value() ? (tag_ >> kLabelBits) - 1 : kNone; }
    bool has_value() const { return tag_ >> kLabelBits != 0; }

   private:
    const Unit* units_;
    std::uint32_t base_;
    std::uint32_t tag_ = 0;
  };

 private:
  friend class DoubleArrayBuilder;
  std::vector<Unit> units_;  // a multiple of 256, so that base XOR byte stays inside
};

}  // namespace isogloss::tokens
