// SPDX-License-Identifier: Apache-2.0
// Terms numbered in the order in which they first come.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/hash.hpp"

namespace isogloss::index {

// Open addressing at most half full; a slot holds 32 bits of the hash beside the number, so that a wrong slot is left
// without a look at the text.
class TermTable {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view term(std::uint32_t number) const {
    const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
    return {text_.data() + begin, ends_[number] - begin};
  }

  std::optional<std::uint32_t> find(std::string_view term) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(term, tag_of(term))];
    return slot.number == 0 ? std::nullopt : std::optional(slot.number - 1);
  }

  // The number of a term, a new one when it has none.
  std::uint32_t number(std::string_view term) {
    if (slots_.size() <= 2 * ends_.size()) grow();
    const std::uint32_t tag = tag_of(term);
    Slot& slot = slots_[place_of(term, tag)];
    if (slot.number == 0) {
      text_.insert(text_.end(), term.begin(), term.end());
      ends_.push_back(text_.size());
      slot = {tag, static_cast<std::uint32_t>(ends_.size())};
    }
    return slot.number - 1;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = 0;  // plus 1; 0 = free
  };

  static std::uint32_t tag_of(std::string_view term) { return static_cast<std::uint32_t>(hash64(term)); }

  // The slot of the term, or the free one where it belongs.
  std::size_t place_of(std::string_view wanted, std::uint32_t tag) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = tag & mask;
    while (slots_[place].number != 0 && (slots_[place].tag != tag || term(slots_[place].number - 1) != wanted)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  void grow() {
    std::vector<Slot> before(slots_.empty() ? 1024 : 2 * slots_.size());
    before.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : before) {
      if (slot.number == 0) continue;
      std::size_t place = slot.tag & mask;
      while (slots_[place].number != 0) place = (place + 1) & mask;
      slots_[place] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::vector<std::size_t> ends_;
  std::vector<char> text_;
};

}  // namespace isogloss::index
