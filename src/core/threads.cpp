// SPDX-License-Identifier: Apache-2.0
// The one thread pool.
//
// A call of run() is a Job: a counter from which every thread that takes part claims the next index, and a counter of
// indices still to be finished. Jobs stand in a list; a free worker joins the first job that still has unclaimed
// indices and room. The caller always takes part, so a nested run() can never dead-lock: in the worst case it does all
// of its own work. A join spins for at most 20 microseconds (a parked thread costs about 50 to wake on a virtual
// machine) and never when more jobs are in flight than there are cores; then it parks.
//
// Tried and rejected: one queue per worker with stealing. At the block sizes used here (0.1 to 10 ms) the single list
// under a mutex is below 1 % of the time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "isogloss/context.hpp"

namespace isogloss {
namespace {

constexpr auto kSpin = std::chrono::microseconds(20);

struct Job {
  const std::function<void(std::size_t)>* task;
  std::size_t count;
  std::size_t max_threads;
  std::size_t joined = 1;  // under the pool's mutex; the caller is the first
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> unfinished;

  Job(const std::function<void(std::size_t)>* t, std::size_t n, std::size_t m)
      : task(t), count(n), max_threads(m), unfinished(n) {}

  bool has_unclaimed() const { return next.load(std::memory_order_relaxed) < count; }

  // Claims and runs indices until none is left; true when this thread finished the last one.
  bool work() {
    bool finished_last = false;
    for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      (*task)(i);
      finished_last = unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
    return finished_last;
  }
};

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable work_available;
  std::condition_variable job_finished;
  std::list<Job*> jobs;
  bool stopping = false;
  std::vector<std::jthread> workers;

  Job* join_some_job() {  // REQUIRES: mutex held
    for (Job* job : jobs) {
      if (job->has_unclaimed() && job->joined < job->max_threads) {
        ++job->joined;
        return job;
      }
    }
    return nullptr;
  }

  void worker_loop() {
    std::unique_lock lock(mutex);
    while (true) {
      Job* job = nullptr;
      work_available.wait(lock, [&] { return stopping || (job = join_some_job()) != nullptr; });
      if (job == nullptr) return;
      lock.unlock();
      job->work();
      lock.lock();
      --job->joined;  // the caller leaves only when joined is back at 1, so `job` stays valid until here
      job_finished.notify_all();
    }
  }
};

ThreadPool::ThreadPool(std::size_t threads) : state_(std::make_unique<State>()) {
  const std::size_t size = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  try {
    for (std::size_t i = 1; i < size; ++i) state_->workers.emplace_back([this] { state_->worker_loop(); });
  } catch (const std::system_error&) {
    // The system gives no more threads: those there are do the work.
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_available.notify_all();
}

std::size_t ThreadPool::size() const { return state_->workers.size() + 1; }

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t)>& task, std::size_t max_threads) {
  const std::size_t limit = max_threads == 0 ? size() : std::min(max_threads, size());
  if (limit <= 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  Job job(&task, count, limit);
  std::list<Job*>::iterator place;
  std::size_t in_flight;
  {
    const std::lock_guard lock(state_->mutex);
    place = state_->jobs.insert(state_->jobs.end(), &job);
    in_flight = state_->jobs.size();
  }
  state_->work_available.notify_all();
  job.work();
  if (in_flight < size()) {
    const auto until = std::chrono::steady_clock::now() + kSpin;
    while (job.unfinished.load(std::memory_order_acquire) != 0 && std::chrono::steady_clock::now() < until) {
    }
  }
  std::unique_lock lock(state_->mutex);
  state_->jobs.erase(place);
  state_->job_finished.wait(lock,
                            [&] { return job.unfinished.load(std::memory_order_acquire) == 0 && job.joined == 1; });
}

bool ThreadPool::help() {
  std::unique_lock lock(state_->mutex);
  Job* const job = state_->join_some_job();
  if (job == nullptr) return false;
  lock.unlock();
  job->work();
  lock.lock();
  --job->joined;
  state_->job_finished.notify_all();
  return true;
}

Status Context::check() const {
  if (cancel != nullptr && cancel->cancelled()) return fail(Code::cancelled, "The operation was cancelled.");
  if (deadline && std::chrono::steady_clock::now() >= *deadline) {
    return fail(Code::cancelled, "The operation ran out of its time limit.");
  }
  return {};
}

std::size_t Context::thread_count() const {
  const std::size_t available = pool != nullptr ? pool->size() : 1;
  return threads == 0 ? available : std::min(threads, available);
}

}  // namespace isogloss
