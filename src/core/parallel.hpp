// SPDX-License-Identifier: Apache-2.0
// Loops over the one thread pool. Work is cut by `grain` alone, never by the number of threads, so that results do not
// depend on it.
#pragma once

#include <algorithm>
#include <cstddef>

#include "isogloss/context.hpp"

namespace isogloss {

// Calls body(begin, end) for consecutive blocks of at most `grain` items that cover [0, count); returns when all are
// done. Blocks run on any thread, in any order; block k is always [k*grain, min((k+1)*grain, count)).
template <class Body>
void parallel_for(const Context& context, std::size_t count, std::size_t grain, Body&& body) {
  if (count == 0) return;
  const std::size_t step = std::max<std::size_t>(1, grain);
  const std::size_t blocks = (count + step - 1) / step;
  auto block = [&](std::size_t k) { body(k * step, std::min(count, (k + 1) * step)); };
  if (blocks == 1 || context.pool == nullptr || context.thread_count() <= 1) {
    for (std::size_t k = 0; k < blocks; ++k) block(k);
    return;
  }
  context.pool->run(blocks, block, context.thread_count());
}

// Calls first() and second(), side by side when the context has a second thread, else one after the other.
template <class First, class Second>
void run_both(const Context& context, First&& first, Second&& second) {
  parallel_for(context, 2, 1, [&](std::size_t begin, std::size_t) {
    if (begin == 0) {
      first();
    } else {
      second();
    }
  });
}

}  // namespace isogloss
