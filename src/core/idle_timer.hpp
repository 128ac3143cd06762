// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace isogloss {

// Calls a function on a thread of its own some time after the last touch(). Thread-safe. The destructor waits for a call
// that runs.
class IdleTimer {
 public:
  IdleTimer(std::chrono::milliseconds delay, std::function<void()> call);
  ~IdleTimer();
  IdleTimer(const IdleTimer&) = delete;
  void touch();  // starts the delay anew
  void stop();   // until the next touch()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isogloss
