// SPDX-License-Identifier: Apache-2.0
// What one call may use and whom it reports to. A Context is passed in, never global; one per concurrent call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss {

// The worker threads of a program. Made once and shared by contexts; thread-safe.
class ThreadPool {
 public:
  // `threads` counts the calling thread: 1 = no worker. 0 = as many as the machine has.
  explicit ThreadPool(std::size_t threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const;  // threads that can work at once, the caller included

  // Calls task(i) once for every i in [0, count), on any thread, and returns when all are done. May be called from
  // inside a task: the caller then works alone if no worker is free. `task` must not throw. At most `max_threads` threads
  // take part (0 = all).
  void run(std::size_t count, const std::function<void(std::size_t)>& task, std::size_t max_threads = 0);

  // For a task that waits for another one: takes part in whichever run() has indices left, and returns when they are
  // claimed; false when there is none.
  bool help();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A cancel switch shared between the caller and the calls it may stop. Thread- and signal-safe.
class CancelToken {
 public:
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

enum class LogLevel { debug, info, warning, error };

// Progress of one phase. `done` and `total` are in `unit`s; total 0 = unknown.
struct Progress {
  std::string_view phase;  // "read", "embed", "fit"
  std::string_view unit;   // "files", "words", "bytes"
  double done = 0;
  double total = 0;
  double loss = 0;  // of a training run; 0 = none
  std::string_view detail = {};  // what else was done, "1234 chunks"; empty = nothing
};

struct Context {
  ThreadPool* pool = nullptr;          // null = the calling thread alone
  std::size_t threads = 0;             // share of the pool; 0 = all of it
  std::size_t memory_limit = 0;        // bytes this call may hold beyond its inputs and outputs; 0 = no limit
  std::uint64_t seed = 42;             // of everything random in this call
  const CancelToken* cancel = nullptr;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::function<void(const Progress&)> progress;                   // may be empty; called from the calling thread
  std::function<void(LogLevel, std::string_view)> log;             // may be empty; called from any thread

  // Error{cancelled} when the switch was thrown or the deadline has passed.
  Status check() const;
  std::size_t thread_count() const;  // what `threads` and `pool` allow, at least 1
  void report(const Progress& value) const { if (progress) progress(value); }
  void say(LogLevel level, std::string_view message) const { if (log) log(level, message); }
};

}  // namespace isogloss
