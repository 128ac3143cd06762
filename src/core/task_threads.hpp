// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace isogloss {

// Threads for tasks that wait for something (a socket, a turn): every task starts at once on a thread that is free, or
// on a new one up to `most`; then it stands in line. Threads that are idle for seconds end. Arithmetic belongs to
// ThreadPool. Thread-safe. The destructor lets every task that was submitted end.
class TaskThreads {
 public:
  explicit TaskThreads(std::size_t most);
  ~TaskThreads();
  TaskThreads(const TaskThreads&) = delete;

  void submit(std::move_only_function<void()> task);  // which must not throw

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isogloss
