// SPDX-License-Identifier: Apache-2.0
// Who gets the processor next. Every request brings a list of rows with their cost in tokens; the scheduler runs them
// in passes of a bounded time, one after another, each on all threads of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "isogloss/model.hpp"

namespace isogloss::serve {

// On whose behalf.
struct Caller {
  std::uint64_t client = 0;  // among which the processor is shared equally: a connection
  const CancelToken* cancel = nullptr;
};

struct SchedulerOptions {
  ThreadPool* pool = nullptr;
  std::uint64_t queue_tokens = 4'000'000;  // that may wait; above, Error{exhausted} says when to come again
  double pass_seconds = 0.015;             // a pass is made about that long, so that nobody waits longer for his turn
};

struct SchedulerStats {
  std::uint64_t waiting_tokens = 0, waiting_requests = 0;
  std::uint64_t passes = 0, rows = 0, tokens = 0;
  std::uint64_t joined = 0;  // passes that held rows of more than one request
  std::uint64_t refused = 0, cancelled = 0;
};

// Thread-safe. The calling thread waits; while it does, it may be the one that runs the passes.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerOptions& options) : options_(options) {}

  // The vectors of all rows of `prepared`, bit for bit those of embedder.run() alone; reports are left to the caller.
  // REQUIRES: options.outputs is vectors. Errors: exhausted (with retry_after), cancelled, those of run().
  Result<Embedding> embed(const Embedder& embedder, const Card& card, const Prepared& prepared,
                          const EmbedOptions& options, const Caller& caller);

  // Calls work(begin, end) over all rows in order, a pass a call; nothing joins it.
  using Rows = std::function<Status(std::size_t begin, std::size_t end, Context& context)>;
  Status run(const void* model, std::span<const std::uint32_t> costs, const Rows& work, const Caller& caller);

  SchedulerStats stats() const;

 private:
  struct Job;
  struct Pass;
  struct Client {
    double served = 0;  // tokens, on the clock of the virtual time
    std::size_t jobs = 0;
  };

  Status enter(Job& job);
  void run_passes(Job& own, std::unique_lock<std::mutex>& lock);
  Pass next_pass();
  Status run_pass(Pass& pass, Context& context) const;
  void account(const Pass& pass, double seconds);
  void leave(Job& job, Status outcome);
  void drop_cancelled();
  std::size_t budget_of(const void* model) const;

  const SchedulerOptions options_;
  mutable std::mutex mutex_;
  std::list<Job*> jobs_;  // that have rows left, in order of arrival
  bool running_ = false;  // some thread runs passes, or was told to
  std::map<std::uint64_t, Client> clients_;
  double virtual_time_ = 0;              // tokens that the client has got whose turn it is
  std::map<const void*, double> rates_;  // tokens a second, by model
  SchedulerStats stats_;
};

}  // namespace isogloss::serve
