// SPDX-License-Identifier: Apache-2.0
// For the C++ side of benches: clocks, and files of plain numbers.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "isogloss/result.hpp"

namespace isogloss::bench {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }
  double cpu() const { return cpu_now() - cpu_; }

 private:
  static double cpu_now() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  }
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_ = cpu_now();
};

// A bench has nobody to hand an error to.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// All values of a file of T.
template <class T>
std::vector<T> read_values(const std::string& path) {
  const std::string bytes = must(read_file(path));
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), values.size() * sizeof(T), static_cast<char*>(static_cast<void*>(values.data())));
  return values;
}

}  // namespace isogloss::bench
