// SPDX-License-Identifier: Apache-2.0
// Runs a child process under limits and collects what it prints.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"

namespace isogloss {

struct ProcessLimits {
  std::chrono::milliseconds time{60'000};
  std::size_t memory = std::size_t{2} << 30;  // address space in bytes; 0 = no limit
  std::size_t output = std::size_t{256} << 20;
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

// A program of this installation: beside the running one, else searched in PATH.
std::filesystem::path installed_program(std::string_view name);

}  // namespace isogloss
