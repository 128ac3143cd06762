// SPDX-License-Identifier: Apache-2.0
// Long work that a request starts and later ones ask about.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/task_threads.hpp"
#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::serve {

enum class JobState : std::uint8_t { waiting, running, done, failed, cancelled };
std::string_view job_state_name(JobState state);

// What is known of a job at one moment.
struct JobStatus {
  std::string id, what;
  JobState state = JobState::waiting;
  std::string phase, unit;  // of its progress
  double done = 0, total = 0;
  std::string result;  // JSON, when it is done
  std::optional<Error> error;
  std::int64_t created = 0;   // seconds since 1970
  std::uint64_t version = 0;  // rises with every change
  bool ended() const { return state != JobState::waiting && state != JobState::running; }
};

// One job runs at a time, in the order in which they came; a few wait. Thread-safe. The destructor cancels what runs.
class Jobs {
 public:
  explicit Jobs(ThreadPool* pool) : pool_(pool), threads_(1) {}
  ~Jobs();

  // Gives JSON.
  using Work = std::function<Result<std::string>(Context& context)>;
  // Error{exhausted}: kMostWaiting jobs wait already.
  Result<JobStatus> start(std::string what, Work work);
  // Error{not_found}: never was, or ended so long ago that it is forgotten (the last kMostEnded are kept).
  Result<JobStatus> status(std::string_view id) const;
  // The status once it is no longer `version`, or as it is after `time`.
  Result<JobStatus> wait(std::string_view id, std::uint64_t version, std::chrono::milliseconds time) const;
  Result<JobStatus> cancel(std::string_view id);
  // Once this is thrown, jobs are cancelled at their next progress and none is started. REQUIRES: it lives until close().
  void stop_when(const CancelToken& stop) { stop_ = &stop; }
  bool stopping() const {
    const CancelToken* stop = stop_;
    return closed_.cancelled() || (stop != nullptr && stop->cancelled());
  }
  // Cancels every job; none is started any more.
  void close();

  static constexpr std::size_t kMostWaiting = 16, kMostEnded = 256;

 private:
  struct Job {
    JobStatus status;
    Work work;
    CancelToken cancel;
  };
  void run(const std::shared_ptr<Job>& job);
  void change(Job& job, const std::function<void(JobStatus&)>& how);
  Result<std::shared_ptr<Job>> find(std::string_view id) const;  // REQUIRES: mutex_ is held
  void forget_old();                                             // REQUIRES: mutex_ is held

  ThreadPool* const pool_;
  std::atomic<const CancelToken*> stop_ = nullptr;
  CancelToken closed_;
  mutable std::mutex mutex_;  // of all jobs' status
  mutable std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;  // in the order in which they came
  std::uint64_t last_ = 0;
  TaskThreads threads_;  // the last member: its end waits for the jobs
};

}  // namespace isogloss::serve
