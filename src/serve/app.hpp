// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/http.hpp"
#include "serve/router.hpp"

namespace isogloss::serve {

// The keys of a server. They are compared by their hashes, all of them, so that time tells nothing about them.
// Thread-safe.
class Keys {
 public:
  // `rate`: requests a second that a key may make, with as many at once; 0 = no limit.
  Keys(const std::vector<std::string>& keys, double rate);

  enum class Verdict : std::uint8_t { admitted, unknown, too_fast };
  // `Authorization: Bearer KEY`, `api-key: KEY` or `x-api-key: KEY`; everybody is admitted when there are no keys.
  Verdict check(const Request& request);

 private:
  using Hash = std::array<std::uint8_t, 32>;
  struct Key {
    Hash hash;
    double left = 0;  // requests it may make now
    std::chrono::steady_clock::time_point seen;
  };
  static Hash hash(std::string_view key);
  bool spend(Key& key);

  const double rate_;
  std::mutex mutex_;
  std::vector<Key> keys_;
};

// From a request to its answer: route, key, body, checks, handler, error in the shape of its owner. Thread-safe.
class App final : public HttpApp {
 public:
  // `options` and what `services` points to outlive it.
  App(const ServeOptions& options, const Services& services);

  bool is_quick(const Request& request) const override;
  Response handle(Request& request) override;
  Response refuse(const Request& request, int status, std::string message) override;
  void record(const HttpRecord& record) override;

 private:
  Response route(Request& request);
  Response run(const Request& request, Router::Match& match);
  bool is_preflight(const Request& request) const;
  void add_cors(const Request& request, Response& response) const;

  const ServeOptions& options_;
  Services services_;
  const Router router_;
  Keys keys_;
};

}  // namespace isogloss::serve
