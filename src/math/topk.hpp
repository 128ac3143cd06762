// SPDX-License-Identifier: Apache-2.0
// The k best of many scores: higher is better, ties by ascending id, NaN counts as -infinity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace isogloss::math {

struct Scored {
  float score = 0;
  std::int64_t id = 0;
  friend bool operator==(const Scored&, const Scored&) = default;
};

// The order of results.
inline bool better(const Scored& a, const Scored& b) {
  return a.score > b.score || (a.score == b.score && a.id < b.id);
}

// Keeps the k best of a stream, in any order of arrival. Not thread-safe; one per thread, then merge().
class TopK {
 public:
  explicit TopK(std::size_t k);

  // A score below this changes nothing; one equal to it may, by its id. -infinity until k are there.
  float threshold() const { return threshold_; }
  void push(float score, std::int64_t id) {
    if (score >= threshold_) insert({score, id});
    if (score != score) insert({-std::numeric_limits<float>::infinity(), id});
  }
  // Pushes scores[i] with id first_id + i. (n)
  void push_all(std::span<const float> scores, std::int64_t first_id);
  void merge(const TopK& other);
  std::size_t size() const { return heap_.size(); }
  std::size_t capacity() const { return k_; }
  // What was kept, best first; the object is empty afterwards. (min(k, pushed))
  std::vector<Scored> take();

 private:
  void insert(Scored entry);

  std::size_t k_;
  float threshold_;
  std::vector<Scored> heap_;  // the worst on top
};

// The k best of scores, ids = positions, best first. scores (n) -> (min(k, n))
std::vector<Scored> top_k(std::span<const float> scores, std::size_t k);

}  // namespace isogloss::math
