// SPDX-License-Identifier: Apache-2.0
#include "runtime/ingest/stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>

namespace isogloss::runtime {
namespace {

constexpr StageLimits kSmall{100, 50, 4};

class StagesOnThreads : public testing::TestWithParam<std::size_t> {
 protected:
  StagesOnThreads() : pool_(GetParam()) { context_.pool = &pool_; }

  ThreadPool pool_;
  Context context_;
};

// Ten items of 20 bytes, a queue of 100: at most five are on their way, batches hold at most three.
TEST_P(StagesOnThreads, ItemsAreFinishedInOrderAndTheQueueIsBounded) {
  std::atomic<int> on_the_way{0}, most{0};
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  const Stages::Work work{[](std::size_t) { return 20; },
                          [&](std::size_t i) -> Status {
                            const int now = ++on_the_way;
                            for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                            }
                            std::this_thread::sleep_for(std::chrono::milliseconds(i % 3));
                            return {};
                          },
                          [&](std::size_t begin, std::size_t end) -> Status {
                            EXPECT_EQ(std::this_thread::get_id(), caller);
                            EXPECT_LE(end - begin, 3u);
                            for (std::size_t i = begin; i < end; ++i) order.push_back(i);
                            on_the_way -= static_cast<int>(end - begin);
                            return {};
                          }};
  EXPECT_TRUE(Stages(10, work, kSmall).run(context_));
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_LE(most, 5);
}

TEST_P(StagesOnThreads, AnItemLargerThanTheQueueGoesAlone) {
  std::size_t finished = 0;
  const Stages::Work work{[](std::size_t i) { return i == 3 ? 1000 : 10; }, [](std::size_t) -> Status { return {}; },
                          [&](std::size_t begin, std::size_t end) -> Status {
                            EXPECT_TRUE(end - begin == 1 || end <= 3 || begin > 3);
                            finished += end - begin;
                            return {};
                          }};
  EXPECT_TRUE(Stages(6, work, kSmall).run(context_));
  EXPECT_EQ(finished, 6u);
}

// Nothing to do for any item: only finish() is called.
TEST_P(StagesOnThreads, ItemsOfNoBytesAreNotPrepared) {
  std::size_t finished = 0;
  const Stages::Work work{[](std::size_t) { return 0; },
                          [](std::size_t) -> Status { return fail(Code::internal, "prepared"); },
                          [&](std::size_t begin, std::size_t end) -> Status {
                            finished += end - begin;
                            return {};
                          }};
  EXPECT_TRUE(Stages(11, work, kSmall).run(context_));
  EXPECT_EQ(finished, 11u);
  EXPECT_TRUE(Stages(0, work, kSmall).run(context_));
}

TEST_P(StagesOnThreads, WhatStandsBeforeAFailureIsFinished) {
  std::size_t finished = 0;
  const Stages::Work work{
      [](std::size_t) { return 10; },
      [](std::size_t i) -> Status { return i >= 7 ? fail(Code::mismatch, std::to_string(i)) : Status(); },
      [&](std::size_t, std::size_t end) -> Status {
        finished = end;
        return {};
      }};
  EXPECT_EQ(Stages(100, work, kSmall).run(context_).error().message, "7");
  EXPECT_EQ(finished, 7u);
}

TEST_P(StagesOnThreads, CancellingFinishesWhatWasPrepared) {
  CancelToken cancel;
  context_.cancel = &cancel;
  std::atomic<std::size_t> prepared{0};
  std::size_t finished = 0;
  const Stages::Work work{[](std::size_t) { return 10; },
                          [&](std::size_t) -> Status {
                            if (++prepared == 6) cancel.cancel();
                            return {};
                          },
                          [&](std::size_t, std::size_t end) -> Status {
                            finished = end;
                            return {};
                          }};
  EXPECT_EQ(Stages(100, work, kSmall).run(context_).error().code, Code::cancelled);
  EXPECT_EQ(finished, prepared.load());
  EXPECT_GE(finished, 6u);
}

TEST_P(StagesOnThreads, AFailureToFinishEndsTheRun) {
  const Stages::Work work{[](std::size_t) { return 10; }, [](std::size_t) -> Status { return {}; },
                          [](std::size_t, std::size_t) -> Status { return fail(Code::io, "the disk is full"); }};
  EXPECT_EQ(Stages(100, work, kSmall).run(context_).error().code, Code::io);
}

INSTANTIATE_TEST_SUITE_P(Threads, StagesOnThreads, testing::Values(1, 2, 5));

}  // namespace
}  // namespace isogloss::runtime
