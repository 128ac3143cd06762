// SPDX-License-Identifier: Apache-2.0
// Runs a child process under limits and collects what it prints.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/context.hpp"

namespace isogloss {

struct ProcessLimits {
  std::chrono::milliseconds time{60'000};
  std::size_t memory = std::size_t{2} << 30;  // address space in bytes; 0 = no limit
  std::size_t output = std::size_t{128} << 20;
  std::chrono::seconds cpu{0};  // of processor time over its whole life; 0 = no limit of its own
};

struct ProcessResult {
  int exit_status = 0;  // 128 + signal when killed by one
  std::string output;
  std::string errors;  // first 64 KB of standard error
};

// Starts argv[0] (searched in PATH), writes `input` to its standard input and waits. Error{unavailable} when it cannot
// be started, Error{exhausted} when a limit is hit (the child is killed), Error{cancelled} when the context is.
Result<ProcessResult> run_process(const std::vector<std::string>& argv, std::string_view input,
                                  const ProcessLimits& limits, Context& context);

// A child that lives through many questions. Not thread-safe; killed with its process group at the end.
class ChildProcess {
 public:
  // What standard output holds so far; true when the answer is whole.
  using Complete = std::function<bool(std::string_view output)>;

  // Errors as run_process; `limits.time` and `limits.output` hold for each question.
  static Result<ChildProcess> start(const std::vector<std::string>& argv, const ProcessLimits& limits);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ~ChildProcess();

  // Writes the parts one after the other and reads until `complete`, or until the child closes its output (it is then
  // waited for, and `alive` is false). After an error the child is gone.
  Result<ProcessResult> ask(std::span<const std::string_view> parts, const Complete& complete, Context& context);
  bool alive() const { return pid_ > 0; }
  // Of the questions that follow.
  void limit_time(std::chrono::milliseconds time) { limits_.time = time; }

 private:
  struct Pipe {
    FileHandle read, write;
  };
  ChildProcess() = default;
  static Result<Pipe> make_pipe();
  Status converse(std::span<const std::string_view> parts, const Complete& complete, ProcessResult& result,
                  Context& context);
  void send(std::span<const std::string_view>& parts, std::string_view& part);
  void kill();
  int wait();  // the exit status as in ProcessResult

  friend Result<ProcessResult> run_process(const std::vector<std::string>& argv, std::string_view input,
                                           const ProcessLimits& limits, Context& context);
  std::string name_;
  ProcessLimits limits_;
  int pid_ = -1;
  bool stays_ = true;  // its standard input stays open behind a question
  Pipe in_, out_, err_;
};

// A program of this installation: beside the running one, else searched in PATH.
std::filesystem::path installed_program(std::string_view name);

}  // namespace isogloss
