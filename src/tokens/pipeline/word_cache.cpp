// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/word_cache.hpp"

#include <atomic>

namespace isogloss::tokens {

WordCache& WordCache::of_thread() {
  thread_local const std::unique_ptr<WordCache> cache = std::make_unique<WordCache>();
  return *cache;
}

std::uint32_t WordCache::new_owner() {
  static std::atomic<std::uint32_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace isogloss::tokens
