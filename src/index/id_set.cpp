// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "isogloss/index.hpp"

namespace isogloss {
namespace {

std::int64_t key_of(std::int64_t id) { return id >> 6; }
std::uint64_t bit_of(std::int64_t id) { return 1ULL << (id & 63); }

// The first word whose key is not below that of the id.
template <class Words>
auto place_of(Words& words, std::int64_t id) {
  return std::ranges::lower_bound(words, key_of(id), {}, &IdSet::Word::key);
}

}  // namespace

IdSet::IdSet(std::span<const std::int64_t> ids) {
  if (std::ranges::is_sorted(ids)) {
    for (const std::int64_t id : ids) insert(id);
    return;
  }
  std::vector<std::int64_t> sorted(ids.begin(), ids.end());
  std::ranges::sort(sorted);
  for (const std::int64_t id : sorted) insert(id);
}

void IdSet::insert(std::int64_t id) {
  if (words_.empty() || words_.back().key < key_of(id)) {
    words_.push_back({key_of(id), bit_of(id)});
    ++size_;
    return;
  }
  auto place = words_.back().key == key_of(id) ? words_.end() - 1 : place_of(words_, id);
  if (place->key != key_of(id)) place = words_.insert(place, {key_of(id), 0});
  size_ += (place->bits & bit_of(id)) == 0;
  place->bits |= bit_of(id);
}

void IdSet::erase(std::int64_t id) {
  const auto place = place_of(words_, id);
  if (place == words_.end() || place->key != key_of(id) || (place->bits & bit_of(id)) == 0) return;
  place->bits &= ~bit_of(id);
  --size_;
  if (place->bits == 0) words_.erase(place);
}

bool IdSet::contains(std::int64_t id) const {
  const auto place = place_of(words_, id);
  return place != words_.end() && place->key == key_of(id) && (place->bits & bit_of(id)) != 0;
}

}  // namespace isogloss
