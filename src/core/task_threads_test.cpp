// SPDX-License-Identifier: Apache-2.0
#include "core/task_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace isogloss {
namespace {

TEST(TaskThreads, TasksThatWaitForEachOtherRunTogether) {
  TaskThreads threads(3);
  std::latch all(3), seen(3);
  for (int i = 0; i < 3; ++i) {
    threads.submit([&] {
      all.arrive_and_wait();
      seen.count_down();
    });
  }
  seen.wait();
}

TEST(TaskThreads, TheDestructorLetsEveryTaskEnd) {
  std::atomic<int> done{0};
  {
    TaskThreads threads(2);
    for (int i = 0; i < 100; ++i) threads.submit([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace isogloss
