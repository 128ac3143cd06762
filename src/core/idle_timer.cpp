// SPDX-License-Identifier: Apache-2.0
#include "core/idle_timer.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace isogloss {

struct IdleTimer::State {
  std::chrono::milliseconds delay;
  std::function<void()> call;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<std::chrono::steady_clock::time_point> due;
  bool stopping = false;
  std::jthread thread;

  void loop() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (!due) {
        changed.wait(lock);
      } else if (std::chrono::steady_clock::now() < *due) {
        const auto until = *due;
        changed.wait_until(lock, until);
      } else {
        due.reset();
        lock.unlock();
        call();
        lock.lock();
      }
    }
  }
};

IdleTimer::IdleTimer(std::chrono::milliseconds delay, std::function<void()> call) : state_(std::make_unique<State>()) {
  state_->delay = delay;
  state_->call = std::move(call);
}

IdleTimer::~IdleTimer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
}

void IdleTimer::touch() {
  const std::lock_guard lock(state_->mutex);
  const bool sleeping = !state_->due.has_value();
  state_->due = std::chrono::steady_clock::now() + state_->delay;
  if (!state_->thread.joinable()) {
    state_->thread = std::jthread([state = state_.get()] { state->loop(); });
  } else if (sleeping) {
    state_->changed.notify_all();
  }
}

void IdleTimer::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->due.reset();
}

}  // namespace isogloss
