// SPDX-License-Identifier: Apache-2.0
// The thread that fell idle last gets the next task: its stack and its share of the heap are warm, and the others reach
// the age at which they end. Each waits on a condition of its own, so that it is a certain one that is woken.
#include "core/task_threads.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace isogloss {
namespace {

constexpr std::chrono::seconds kIdleTime{10};  // after which a thread ends

}  // namespace

struct TaskThreads::State {
  using Task = std::move_only_function<void()>;
  struct Worker {
    std::condition_variable wake;
    Task task;
    std::jthread thread;
  };
  using WorkerPtr = std::shared_ptr<Worker>;

  explicit State(std::size_t limit) : most(limit) {}

  const std::size_t most;
  std::mutex mutex;
  std::vector<WorkerPtr> workers;
  std::vector<WorkerPtr> idle;   // the latest at the end
  std::vector<WorkerPtr> ended;  // to be joined
  std::deque<Task> waiting;
  bool stopping = false;

  void loop(Worker* self) {
    std::unique_lock lock(mutex);
    while (next_task(*self, lock)) {
      Task task = std::exchange(self->task, nullptr);
      lock.unlock();
      task();
      task = nullptr;  // what it holds goes before the lock is taken again
      lock.lock();
    }
  }

  // Puts one into self.task; false when the thread has to end. REQUIRES: `lock` is held.
  bool next_task(Worker& self, std::unique_lock<std::mutex>& lock) {
    if (self.task != nullptr) return true;
    if (!waiting.empty()) {
      self.task = std::move(waiting.front());
      waiting.pop_front();
      return true;
    }
    const auto is_self = [&](const WorkerPtr& worker) { return worker.get() == &self; };
    idle.push_back(*std::ranges::find_if(workers, is_self));
    self.wake.wait_for(lock, kIdleTime, [&] { return self.task != nullptr || stopping; });
    if (self.task != nullptr) return true;
    std::erase_if(idle, is_self);
    if (stopping) return false;  // the destructor joins it
    ended.push_back(*std::ranges::find_if(workers, is_self));
    std::erase_if(workers, is_self);
    return false;
  }

  // REQUIRES: the lock is held.
  void start_thread(Task& task) {
    const auto worker = std::make_shared<Worker>();
    worker->task = std::move(task);
    workers.push_back(worker);
    try {
      worker->thread = std::jthread([this, self = worker.get()] { loop(self); });
    } catch (const std::system_error&) {
      workers.pop_back();
      if (workers.empty()) throw;
      waiting.push_back(std::move(worker->task));  // those there are do the work
    }
  }
};

TaskThreads::TaskThreads(std::size_t most) : state_(std::make_unique<State>(most)) {}

TaskThreads::~TaskThreads() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const State::WorkerPtr& worker : state_->idle) worker->wake.notify_one();
  }
  for (const State::WorkerPtr& worker : state_->workers) worker->thread.join();
}

void TaskThreads::submit(std::move_only_function<void()> task) {
  State::WorkerPtr woken;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended.clear();  // joins: such a thread needs the lock no more
    if (!state_->idle.empty()) {
      woken = std::move(state_->idle.back());
      state_->idle.pop_back();
      woken->task = std::move(task);
    } else if (state_->workers.size() < state_->most) {
      state_->start_thread(task);
    } else {
      state_->waiting.push_back(std::move(task));
    }
  }
  if (woken != nullptr) woken->wake.notify_one();
}

}  // namespace isogloss
