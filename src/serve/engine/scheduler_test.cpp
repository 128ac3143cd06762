// SPDX-License-Identifier: Apache-2.0
#include "serve/engine/scheduler.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

namespace isogloss::serve {
namespace {

// Embeds a row as its number; remembers the passes; a pass may be held up.
class FakeEmbedder final : public Embedder {
 public:
  FakeEmbedder() { card_.dimension = 1; }

  Result<Prepared> prepare(std::span<const Input>, const EmbedOptions&, Context&) const override {
    return fail(Code::internal, "not used");
  }
  static Prepared rows(std::size_t count, std::uint32_t cost) {
    return Prepared(std::vector<RowReport>(count), std::vector<std::uint32_t>(count, cost),
                    std::make_unique<Prepared::Body>());
  }

  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context&) const override {
    std::unique_lock lock(mutex_);
    passes_.emplace_back(slices.begin(), slices.end());
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_ || passes_.size() <= let_through_; });
    std::size_t row = 0;
    for (const Slice& slice : slices) {
      for (std::size_t i = slice.begin; i < slice.end; ++i) out.dense->row_f32(row++)[0] = static_cast<float>(i);
    }
    return {};
  }

  void hold() { set(true); }
  void let_go() { set(false); }
  void wait_for_passes(std::size_t n) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return passes_.size() >= n; });
  }
  std::vector<std::vector<Slice>> passes() const {
    const std::lock_guard lock(mutex_);
    return passes_;
  }
  const Card& card() const { return card_; }

 private:
  const Card& embedder_card() const override { return card_; }
  void set(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  Card card_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::vector<std::vector<Slice>> passes_;
  bool held_ = false;
  std::size_t let_through_ = 0;
};

class SchedulerTest : public testing::Test {
 protected:
  // A request of its own thread.
  std::jthread ask(const Prepared& rows, std::uint64_t client, Result<Embedding>* out = nullptr,
                   const CancelToken* cancel = nullptr) {
    return std::jthread([this, &rows, client, out, cancel] {
      auto made = scheduler_.embed(embedder_, embedder_.card(), rows, {}, {client, cancel});
      if (out != nullptr)
        *out = std::move(made);
      else
        EXPECT_TRUE(made);
    });
  }
  void wait_for_requests(std::size_t n) const {
    while (scheduler_.stats().waiting_requests < n) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  FakeEmbedder embedder_;
  Scheduler scheduler_{SchedulerOptions{nullptr, 10'000, 0.015}};
};

TEST_F(SchedulerTest, ALoneRequestRunsAtOnceInOnePass) {
  const Prepared rows = FakeEmbedder::rows(3, 10);
  const auto made = scheduler_.embed(embedder_, embedder_.card(), rows, {}, {1, nullptr});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->dense.row_f32(2)[0], 2.0F);
  EXPECT_EQ(embedder_.passes().size(), 1U);
  EXPECT_EQ(scheduler_.stats().waiting_tokens, 0U);
}

TEST_F(SchedulerTest, RequestsThatWaitJoinOnePassAndGetTheirOwnRows) {
  const Prepared first = FakeEmbedder::rows(1, 10), second = FakeEmbedder::rows(2, 10),
                 third = FakeEmbedder::rows(3, 10);
  Result<Embedding> of_third;
  embedder_.hold();
  const std::jthread one = ask(first, 1);
  embedder_.wait_for_passes(1);
  const std::jthread two = ask(second, 2);
  std::jthread three = ask(third, 3, &of_third);
  wait_for_requests(3);
  embedder_.let_go();
  three.join();
  ASSERT_TRUE(of_third);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(of_third->dense.row_f32(i)[0], static_cast<float>(i));
  ASSERT_EQ(embedder_.passes().size(), 2U);
  EXPECT_EQ(embedder_.passes()[1].size(), 2U);
  EXPECT_EQ(scheduler_.stats().joined, 1U);
}

TEST_F(SchedulerTest, AShortRequestPassesABulkOneBetweenTwoPassesAndAlone) {
  const Prepared bulk = FakeEmbedder::rows(90, 100), query = FakeEmbedder::rows(1, 16);
  embedder_.hold();
  const std::jthread one = ask(bulk, 1);
  embedder_.wait_for_passes(1);
  const std::jthread two = ask(query, 2);
  wait_for_requests(2);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));  // a slow model: what is left does not fit into a pass
  embedder_.let_go();
  embedder_.wait_for_passes(3);
  const auto passes = embedder_.passes();
  EXPECT_LT(passes[0][0].end, 90U);
  ASSERT_EQ(passes[1].size(), 1U);  // nobody's bulk fills it up
  EXPECT_EQ(passes[1][0].prepared, &query);
  EXPECT_EQ(passes[2][0].prepared, &bulk);
  EXPECT_EQ(passes[2][0].begin, passes[0][0].end);
}

// One client sends many requests, another one: the second does not wait for all of the first's.
TEST_F(SchedulerTest, ClientsShareEqually) {
  const Prepared bulk = FakeEmbedder::rows(3, 100), other = FakeEmbedder::rows(3, 100);
  embedder_.hold();
  std::vector<std::jthread> threads;
  threads.push_back(ask(bulk, 1));
  embedder_.wait_for_passes(1);
  for (int i = 0; i < 5; ++i) threads.push_back(ask(bulk, 1));
  wait_for_requests(6);
  threads.push_back(ask(other, 2));
  wait_for_requests(7);
  embedder_.let_go();
  threads.clear();
  const auto passes = embedder_.passes();
  std::size_t place = 0;
  while (passes[place][0].prepared != &other) ++place;
  EXPECT_EQ(place, 1U);
}

TEST_F(SchedulerTest, ARequestWhoseClientWentAwayIsDropped) {
  const Prepared first = FakeEmbedder::rows(1, 10), second = FakeEmbedder::rows(50, 100);
  CancelToken cancel;
  Result<Embedding> out;
  embedder_.hold();
  const std::jthread one = ask(first, 1);
  embedder_.wait_for_passes(1);
  std::jthread two = ask(second, 2, &out, &cancel);
  wait_for_requests(2);
  cancel.cancel();
  embedder_.let_go();
  two.join();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, Code::cancelled);
  EXPECT_EQ(embedder_.passes().size(), 1U);
  EXPECT_EQ(scheduler_.stats().waiting_tokens, 0U);
}

TEST_F(SchedulerTest, AFullQueueSaysWhenToComeAgain) {
  const Prepared first = FakeEmbedder::rows(90, 100), second = FakeEmbedder::rows(20, 100);
  embedder_.hold();
  const std::jthread one = ask(first, 1);
  embedder_.wait_for_passes(1);
  const auto refused = scheduler_.embed(embedder_, embedder_.card(), second, {}, {2, nullptr});
  embedder_.let_go();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_GE(refused.error().retry_after, 1.0);
}

TEST_F(SchedulerTest, WorkThatNothingJoinsRunsInOrder) {
  const std::vector<std::uint32_t> costs(7, 100);
  std::vector<std::size_t> seen;
  const Scheduler::Rows work = [&](std::size_t begin, std::size_t end, Context&) -> Status {
    for (std::size_t i = begin; i < end; ++i) seen.push_back(i);
    return {};
  };
  EXPECT_TRUE(scheduler_.run(&seen, costs, work, {1, nullptr}));
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6}));
  const Scheduler::Rows broken = [](std::size_t, std::size_t, Context&) -> Status { return fail(Code::io, "broken"); };
  EXPECT_FALSE(scheduler_.run(&seen, costs, broken, {1, nullptr}));
  EXPECT_EQ(scheduler_.stats().waiting_tokens, 0U);
}

TEST_F(SchedulerTest, ManyThreadsGetTheirOwnRows) {
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (std::uint64_t client = 0; client < 8; ++client) {
    threads.emplace_back([&, client] {
      for (std::size_t n = 1; n < 40; ++n) {
        const Prepared rows = FakeEmbedder::rows(n, 7);
        const auto made = scheduler_.embed(embedder_, embedder_.card(), rows, {}, {client, nullptr});
        bool good = made.has_value();
        for (std::size_t i = 0; good && i < n; ++i) good = made->dense.row_f32(i)[0] == static_cast<float>(i);
        right += good ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 8 * 39);
}

}  // namespace
}  // namespace isogloss::serve
