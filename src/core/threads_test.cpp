// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

#include "core/parallel.hpp"

namespace isogloss {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnceForAnyThreadCount) {
  for (std::size_t threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    std::vector<int> visits(1003, 0);
    parallel_for(context, visits.size(), 10, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) ++visits[i];
    });
    EXPECT_EQ(std::accumulate(visits.begin(), visits.end(), 0), 1003);
    EXPECT_EQ(*std::max_element(visits.begin(), visits.end()), 1);
  }
}

TEST(ParallelFor, NestedLoopsFinish) {
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  std::atomic<int> total{0};
  parallel_for(context, 20, 1, [&](std::size_t, std::size_t) {
    parallel_for(context, 20, 1, [&](std::size_t, std::size_t) { total.fetch_add(1); });
  });
  EXPECT_EQ(total.load(), 400);
}

TEST(Context, ReportsCancellationAndDeadline) {
  Context context;
  EXPECT_TRUE(context.check());
  CancelToken cancel;
  context.cancel = &cancel;
  cancel.cancel();
  EXPECT_EQ(context.check().error().code, Code::cancelled);
  Context late;
  late.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(late.check().error().code, Code::cancelled);
}

}  // namespace
}  // namespace isogloss
