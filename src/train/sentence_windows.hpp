// SPDX-License-Identifier: Apache-2.0
// What of a sentence is trained on: frequent words are skipped at random, and every word that stays has a window.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace isogloss::training {

class SentenceWindows {
 public:
  struct Window {
    std::size_t from, to;  // positions, both included
  };

  // ids: (words). keep: keep_limits(). With `shrink` the span of each window is drawn from 1 to `window`. False, with
  // nothing drawn for windows: fewer than two words are left.
  bool draw(std::span<const std::uint32_t> ids, std::span<const std::uint32_t> keep, std::uint32_t window, bool shrink,
            Random& random) {
    words_.clear();
    for (std::size_t i = 0; i < ids.size(); i += 2) {
      const std::uint64_t bits = random.next();
      if (static_cast<std::uint32_t>(bits) <= keep[ids[i]]) words_.push_back(ids[i]);
      if (i + 1 < ids.size() && bits >> 32 <= keep[ids[i + 1]]) words_.push_back(ids[i + 1]);
    }
    if (words_.size() < 2) return false;
    spans_.resize(words_.size());
    for (std::uint32_t& span : spans_) {
      span = shrink ? 1 + static_cast<std::uint32_t>((random.next() >> 32) * window >> 32) : window;
    }
    return true;
  }

  std::span<const std::uint32_t> words() const { return words_; }
  std::size_t size() const { return words_.size(); }
  std::uint32_t operator[](std::size_t position) const { return words_[position]; }
  // Around the centre, itself included.
  Window of(std::size_t centre) const {
    const std::size_t span = spans_[centre];
    return {centre - std::min(centre, span), std::min(words_.size() - 1, centre + span)};
  }
  // What the windows of `count` centres reach together.
  Window of_block(std::size_t first, std::size_t count) const {
    Window whole{first, first};
    for (std::size_t centre = first; centre < first + count; ++centre) {
      const Window one = of(centre);
      whole = {std::min(whole.from, one.from), std::max(whole.to, one.to)};
    }
    return whole;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::vector<std::uint32_t> spans_;  // (words)
};

}  // namespace isogloss::training
