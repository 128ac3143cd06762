// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/vocabulary.hpp"

#include <algorithm>
#include <bit>

namespace isogloss::tokens {

void PieceTable::grow(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.id == kNone) continue;
    std::size_t at = hash64(std::string_view(arena_).substr(slot.place, slot.size)) & mask_;
    while (slots_[at].id != kNone) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

void PieceTable::reserve(std::size_t pieces) {
  const std::size_t wanted = std::bit_ceil(std::max<std::size_t>(2 * pieces, 16));
  if (wanted > slots_.size()) grow(wanted);
}

void PieceTable::insert(std::string_view text, std::uint32_t id) {
  if (2 * (count_ + 1) > slots_.size()) grow(std::max<std::size_t>(16, slots_.size() * 2));
  const std::uint64_t hash = hash64(text);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.id == kNone) {
      slot = {tag, id, static_cast<std::uint32_t>(arena_.size()), static_cast<std::uint32_t>(text.size())};
      arena_.append(text);
      ++count_;
      return;
    }
    if (slot.tag == tag && std::string_view(arena_).substr(slot.place, slot.size) == text) {
      slot.id = id;
      return;
    }
  }
}

void Vocabulary::add(std::string_view piece, std::uint32_t id) {
  if (id >= pieces_.size()) pieces_.resize(id + 1);
  pieces_[id] = {std::string(piece), true};
  table_.insert(piece, id);
}

}  // namespace isogloss::tokens
