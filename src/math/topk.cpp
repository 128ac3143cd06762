// SPDX-License-Identifier: Apache-2.0
// A heap of k with the worst entry on top: after the first few hundred scores nearly every one fails the comparison
// with the threshold, so the scan over scores is a search for the next value at or above it (a vector kernel, 16 values
// a step), and the heap is touched about k ln(n / k) times.
#include "math/topk.hpp"

#include <algorithm>
#include <utility>

#include "simd/kernels.hpp"

namespace isogloss::math {

TopK::TopK(std::size_t k)
    : k_(k), threshold_(k == 0 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity()) {}

void TopK::insert(Scored entry) {
  if (heap_.size() < k_) {
    heap_.push_back(entry);
    std::ranges::push_heap(heap_, better);
  } else {
    if (k_ == 0 || !better(entry, heap_.front())) return;
    std::ranges::pop_heap(heap_, better);
    heap_.back() = entry;
    std::ranges::push_heap(heap_, better);
  }
  if (heap_.size() == k_) threshold_ = heap_.front().score;
}

void TopK::push_all(std::span<const float> scores, std::int64_t first_id) {
  const simd::Kernels& k = simd::kernels();
  std::size_t i = 0;
  for (; i < scores.size() && threshold_ == -std::numeric_limits<float>::infinity(); ++i) {
    push(scores[i], first_id + static_cast<std::int64_t>(i));
  }
  while (true) {
    i += k.find_at_least(scores.data() + i, scores.size() - i, threshold_);
    if (i == scores.size()) return;
    push(scores[i], first_id + static_cast<std::int64_t>(i));
    ++i;
  }
}

void TopK::merge(const TopK& other) {
  for (const Scored& entry : other.heap_) push(entry.score, entry.id);
}

std::vector<Scored> TopK::take() {
  std::ranges::sort(heap_, better);
  threshold_ = k_ == 0 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
  return std::exchange(heap_, {});
}

std::vector<Scored> top_k(std::span<const float> scores, std::size_t k) {
  TopK best(std::min(k, scores.size()));
  best.push_all(scores, 0);
  return best.take();
}

}  // namespace isogloss::math
