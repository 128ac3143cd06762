// SPDX-License-Identifier: Apache-2.0
#include "core/task_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <set>
#include <thread>

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

TEST(TaskThreads, TheThreadThatFellIdleLastIsTakenFirst) {
  TaskThreads threads(4);
  std::latch all(4);
  for (int i = 0; i < 3; ++i) threads.submit([&] { all.arrive_and_wait(); });
  all.arrive_and_wait();
  std::set<std::thread::id> seen;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // all three are idle
  for (int i = 0; i < 8; ++i) {
    std::promise<std::thread::id> ran;
    threads.submit([&] { ran.set_value(std::this_thread::get_id()); });
    seen.insert(ran.get_future().get());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(seen.size(), 1u);
}

}  // namespace
}  // namespace isogloss
