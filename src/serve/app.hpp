// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/http.hpp"
#include "serve/router.hpp"

namespace isogloss::serve {

// Keys are compared by their hashes, all of them, so that time tells nothing about them.
class Keys {
 public:
  explicit Keys(const std::vector<std::string>& keys);
  // `Authorization: Bearer KEY`, `api-key: KEY` or `x-api-key: KEY`; everybody when there are no keys.
  bool admits(const Request& request) const;

 private:
  using Hash = std::array<std::uint8_t, 32>;
  static Hash hash(std::string_view key);
  std::vector<Hash> hashes_;
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
  const Keys keys_;
};

}  // namespace isogloss::serve
