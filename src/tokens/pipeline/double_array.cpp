// SPDX-License-Identifier: Apache-2.0
// Built depth first from the sorted keys. Free places form a list in ascending order; a node takes the first base that
// gives all its children free places. Places that were passed over often leave the list, or the search for a base
// would look at the same crowded places for every node.
#include "tokens/pipeline/double_array.hpp"

#include <algorithm>

namespace isogloss::tokens {

class DoubleArrayBuilder {
 public:
  using Keys = std::vector<std::pair<std::string_view, std::uint32_t>>;
  DoubleArrayBuilder(const Keys& keys, std::vector<DoubleArray::Unit>& units) : keys_(keys), units_(units) {
    add_block();
    take(0);               // the root, which is nobody's child: its tag stays that of a free place
    base_used_[0] = true;  // the base of nodes without children: no child has its label there
  }

  // Lays out the children of `node`, whose keys are [first, last) and agree in `depth` bytes.
  void build(std::uint32_t node, std::size_t first, std::size_t last, std::size_t depth) {
    if (keys_[first].first.size() == depth) {
      units_[node].tag = (units_[node].tag & DoubleArray::kLabelMask) | (keys_[first].second + 1)
                                                                            << DoubleArray::kLabelBits;
      if (++first == last) return;
    }
    std::vector<std::pair<unsigned char, std::size_t>> children;  // label, first key
    for (std::size_t i = first; i < last; ++i) {
      const auto label = static_cast<unsigned char>(keys_[i].first[depth]);
      if (children.empty() || children.back().first != label) children.emplace_back(label, i);
    }
    const std::uint32_t base = find_base(children);
    units_[node].base = base;
    base_used_[base] = true;
    for (const auto& [label, at] : children) {
      take(base ^ label);
      units_[base ^ label].tag = label;
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      const std::size_t end = i + 1 < children.size() ? children[i + 1].second : last;
      build(base ^ children[i].first, children[i].second, end, depth + 1);
    }
  }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFF;
  static constexpr std::uint8_t kMaxPassed = 24;

  std::uint32_t find_base(const std::vector<std::pair<unsigned char, std::size_t>>& children) {
    for (std::uint32_t place = first_free_; place != kEnd;) {
      const std::uint32_t base = place ^ children.front().first;
      const bool fits = !base_used_[base] &&
                        std::ranges::all_of(children, [&](const auto& child) { return !taken_[base ^ child.first]; });
      if (fits) return base;
      const std::uint32_t after = next_[place];
      if (++passed_[place] == kMaxPassed) unlink(place);
      place = after;
    }
    const auto base = static_cast<std::uint32_t>(units_.size());
    add_block();
    return base;
  }

  void add_block() {
    const auto begin = static_cast<std::uint32_t>(units_.size());
    units_.resize(begin + 256);
    taken_.resize(begin + 256, false);
    base_used_.resize(begin + 256, false);
    passed_.resize(begin + 256, 0);
    next_.resize(begin + 256);
    previous_.resize(begin + 256);
    for (std::uint32_t place = begin; place < begin + 256; ++place) {
      previous_[place] = last_free_;
      next_[place] = kEnd;
      (last_free_ == kEnd ? first_free_ : next_[last_free_]) = place;
      last_free_ = place;
    }
  }

  void take(std::uint32_t place) {
    taken_[place] = true;
    if (passed_[place] < kMaxPassed) unlink(place);
  }

  void unlink(std::uint32_t place) {
    const std::uint32_t before = previous_[place];
    const std::uint32_t after = next_[place];
    (before == kEnd ? first_free_ : next_[before]) = after;
    (after == kEnd ? last_free_ : previous_[after]) = before;
    passed_[place] = kMaxPassed;
  }

  const Keys& keys_;
  std::vector<DoubleArray::Unit>& units_;
  std::vector<bool> taken_;
  std::vector<bool> base_used_;  // two nodes with one base would share children
  std::vector<std::uint8_t> passed_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::uint32_t first_free_ = kEnd;
  std::uint32_t last_free_ = kEnd;
};

DoubleArray::DoubleArray(std::vector<std::pair<std::string_view, std::uint32_t>> keys) {
  std::ranges::stable_sort(keys, {}, &std::pair<std::string_view, std::uint32_t>::first);
  std::vector<std::pair<std::string_view, std::uint32_t>> unique;
  for (const auto& key : keys) {
    if (key.first.empty()) continue;
    if (!unique.empty() && unique.back().first == key.first) {
      unique.back() = key;
    } else {
      unique.push_back(key);
    }
  }
  if (unique.empty()) return;
  DoubleArrayBuilder builder(unique, units_);
  builder.build(0, 0, unique.size(), 0);
  units_.shrink_to_fit();
}

}  // namespace isogloss::tokens
