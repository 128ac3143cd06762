// SPDX-License-Identifier: Apache-2.0
// Two stages joined by a queue that is bounded in bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "isogloss/context.hpp"

namespace isogloss::runtime {

// What may be in memory, and what the second stage takes at once.
struct StageLimits {
  std::uint64_t queue_bytes = std::uint64_t{64} << 20;  // of items between their claim and the end of the second stage
  std::uint64_t batch_bytes = std::uint64_t{16} << 20;
  std::size_t batch_items = 256;  // and no more than two batches are in the queue
};

// Takes items 0..count-1 through prepare(), on any thread and in any order, and finish(), in their order, a batch at a
// time and always on the thread that called run(). A full queue stops prepare(). The first item is let in whatever its
// size. Used once.
class Stages {
 public:
  struct Work {
    std::function<std::uint64_t(std::size_t item)> bytes;  // what it takes, before it is prepared; 0 = nothing to do
    // An error stops everything: no item after this one is finished, those before it are.
    std::function<Status(std::size_t item)> prepare;
    std::function<Status(std::size_t begin, std::size_t end)> finish;  // an error stops everything
  };

  Stages(std::size_t count, const Work& work, StageLimits limits);

  // Error: the first item's in order, or that of finish(). Cancelling stops the claims; what was prepared is finished,
  // and then Error{cancelled} returned.
  Status run(const Context& context);

 private:
  enum class Place : std::uint8_t { waiting, claimed, ready };
  enum class Step : std::uint8_t { finish, prepare, wait, leave };

  void work(const Context& context, bool is_caller);
  // The next step of a thread. REQUIRES: mutex_ is held.
  Step next_step(const Context& context, bool is_caller);
  void prepare_one(std::unique_lock<std::mutex>& lock);
  void finish_batch(std::unique_lock<std::mutex>& lock);
  void fail_from(std::size_t item, Status status);
  bool may_claim() const;
  bool batch_is_full() const;
  std::size_t batch_end() const;

  const Work& work_;
  StageLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Place> places_;         // (items)
  std::vector<std::uint64_t> bytes_;  // (items)
  std::size_t end_;                   // items from here on are not finished: count, or less after a failure
  std::size_t claimed_ = 0;           // items below have been claimed
  std::size_t ready_ = 0;             // items below are ready or finished
  std::size_t finished_ = 0;          // items below are finished
  std::uint64_t queued_bytes_ = 0;    // of items claimed and not finished
  std::uint64_t ready_bytes_ = 0;     // of items in [finished_, ready_)
  Status failure_;
};

}  // namespace isogloss::runtime
