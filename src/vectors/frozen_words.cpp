// SPDX-License-Identifier: Apache-2.0
#include "vectors/frozen_words.hpp"

#include <bit>

#include "core/hash.hpp"

namespace isogloss::vectors {

void FrozenWords::adopt(std::shared_ptr<Own> own) {
  text_ = own->text;
  ends_ = own->ends;
  if (!ends_.empty()) own->slots.resize(std::bit_ceil(2 * ends_.size()));
  slots_ = own->slots;
  for (std::size_t i = 0; i < ends_.size(); ++i) own->slots[place_of(word(i))] = static_cast<std::uint32_t>(i + 1);
  owner_ = std::move(own);
}

std::size_t FrozenWords::place_of(std::string_view word) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = murmur3_32(word) & mask;
  // A damaged file may have no empty slot: one round and no more.
  for (std::size_t steps = 0; steps < slots_.size(); ++steps, place = (place + 1) & mask) {
    const std::uint32_t entry = slots_[place];
    if (entry == 0 || (entry <= ends_.size() && this->word(entry - 1) == word)) return place;
  }
  return place;
}

std::optional<std::size_t> FrozenWords::find(std::string_view word) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t entry = slots_[place_of(word)];
  if (entry == 0 || entry > ends_.size() || this->word(entry - 1) != word) return std::nullopt;
  return entry - 1;
}

Result<FrozenWords> FrozenWords::view(std::span<const char> text, std::span<const std::uint64_t> ends,
                                      std::span<const std::uint32_t> slots, std::shared_ptr<const void> owner) {
  std::uint64_t last = 0;
  bool good =
      ends.size() < UINT32_MAX && (ends.empty() ? slots.empty() : slots.size() == std::bit_ceil(2 * ends.size()));
  for (const std::uint64_t end : ends) {
    good = good && end >= last;
    last = end;
  }
  if (!good || last != text.size()) return fail(Code::corrupt_data, "its words do not fit together");
  FrozenWords words;
  words.owner_ = std::move(owner);
  words.text_ = text;
  words.ends_ = ends;
  words.slots_ = slots;
  return words;
}

}  // namespace isogloss::vectors
