// SPDX-License-Identifier: Apache-2.0
#include "core/task_threads.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace isogloss {

struct TaskThreads::State {
  explicit State(std::size_t limit) : most(limit) {}

  const std::size_t most;
  std::mutex mutex;
  std::condition_variable work;
  std::deque<std::move_only_function<void()>> tasks;
  std::size_t idle = 0;
  bool stopping = false;
  std::vector<std::jthread> threads;

  void loop() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      work.wait(lock, [&] { return stopping || !tasks.empty(); });
      --idle;
      if (tasks.empty()) return;
      {
        std::move_only_function<void()> task = std::move(tasks.front());
        tasks.pop_front();
        lock.unlock();
        task();
      }  // what it holds goes before the lock is taken again
      lock.lock();
    }
  }
};

TaskThreads::TaskThreads(std::size_t most) : state_(std::make_unique<State>(most)) {}

TaskThreads::~TaskThreads() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  state_->threads.clear();  // joins
}

void TaskThreads::submit(std::move_only_function<void()> task) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->tasks.push_back(std::move(task));
    if (state_->tasks.size() > state_->idle && state_->threads.size() < state_->most) {
      try {
        state_->threads.emplace_back([state = state_.get()] { state->loop(); });
      } catch (const std::system_error&) {
        if (state_->threads.empty()) throw;  // else those there are do the work
      }
    }
  }
  state_->work.notify_one();
}

}  // namespace isogloss
