// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "serve/engine/engine.hpp"
#include "serve/http/http.hpp"

namespace isogloss::serve {

// Counts requests for /metrics and writes the access log. Thread-safe.
class Monitor {
 public:
  explicit Monitor(std::function<void(std::string_view)> access_log) : access_log_(std::move(access_log)) {}

  // `pattern` of its path; empty = no route, and all of these are counted together.
  void record(const HttpRecord& record, std::string_view pattern);
  // The text format of Prometheus.
  std::string metrics(const HttpGauges& gauges, Engine& engine) const;

  std::function<HttpGauges()> gauges;  // of the server that runs

 private:
  static constexpr std::array<double, 12> kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,   0.1,   0.25,   0.5,   1,    5};
  struct Route {
    std::map<int, std::uint64_t> by_status;
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    double seconds = 0;
    std::uint64_t bytes_in = 0, bytes_out = 0;
  };

  const std::function<void(std::string_view)> access_log_;
  mutable std::mutex mutex_;
  std::map<std::string, Route, std::less<>> routes_;  // by method and pattern
};

}  // namespace isogloss::serve
