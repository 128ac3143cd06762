// SPDX-License-Identifier: Apache-2.0
#include "serve/app.hpp"

#include <algorithm>

#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"
#include "serve/array.hpp"
#include "serve/monitor.hpp"

namespace isogloss::serve {
namespace {

// Whose shape an error has before its route is known.
Owner owner_of(std::string_view path) {
  if (path.starts_with("/api/")) return Owner::ollama;
  if (path.starts_with("/v2/")) return Owner::cohere;
  constexpr std::array<std::string_view, 6> kTei{"/embed",      "/embed_all", "/embed_sparse",
                                                 "/similarity", "/predict",   "/"};
  return std::ranges::find(kTei, path) != kTei.end() ? Owner::tei : Owner::openai;
}

Response no_route(const Request& request, const Router::Match& match, Owner owner) {
  if (match.allowed.empty()) {
    return error_response(owner, 404, "not_found",
                          "There is no route '" + shortened(request.path, 200) + "'. All of them: GET /openapi.json");
  }
  Response response = error_response(owner, 405, "method_not_allowed",
                                     "'" + std::string(match.pattern) + "' takes " + match.allowed + ".");
  response.headers.emplace_back("Allow", match.allowed);
  return response;
}

}  // namespace

Keys::Keys(const std::vector<std::string>& keys, double rate) : rate_(rate) {
  for (const std::string& key : keys) keys_.push_back({hash(key), rate, std::chrono::steady_clock::now()});
}

Keys::Hash Keys::hash(std::string_view key) {
  Sha256 sha;
  sha.update(key);
  return sha.digest();
}

Keys::Verdict Keys::check(const Request& request) {
  if (keys_.empty()) return Verdict::admitted;
  std::string_view given = request.header("authorization");
  constexpr std::string_view kBearer = "bearer ";
  if (ascii_lower(given.substr(0, kBearer.size())) == kBearer)
    given.remove_prefix(kBearer.size());
  else
    given = request.header("api-key").empty() ? request.header("x-api-key") : request.header("api-key");
  const Hash offered = hash(trim(given));
  Key* known = nullptr;
  for (Key& one : keys_) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < offered.size(); ++i) difference |= static_cast<unsigned>(one.hash[i] ^ offered[i]);
    if (difference == 0) known = &one;
  }
  if (known == nullptr) return Verdict::unknown;
  return spend(*known) ? Verdict::admitted : Verdict::too_fast;
}

// A bucket that fills with `rate` requests a second and holds as many, at least one.
bool Keys::spend(Key& key) {
  if (rate_ == 0) return true;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  key.left = std::min(std::max(rate_, 1.0), key.left + rate_ * std::chrono::duration<double>(now - key.seen).count());
  key.seen = now;
  if (key.left < 1) return false;
  key.left -= 1;
  return true;
}

App::App(const ServeOptions& options, const Services& services)
    : options_(options), services_(services), router_(all_routes()), keys_(options.api_keys, options.key_rate) {}

bool App::is_quick(const Request& request) const {
  const auto match = router_.find(request.method, request.path);
  return request.method == "OPTIONS" || match.routes.empty() || match.routes.front()->quick;
}

Response App::handle(Request& request) {
  Response response;
  if (is_preflight(request))
    response.status = 204;
  else
    response = route(request);
  add_cors(request, response);
  return response;
}

Response App::refuse(const Request& request, int status, std::string message) {
  return error_response(owner_of(request.path), status, "refused", message);
}

void App::record(const HttpRecord& record) {
  // A row a route, whatever clients make up.
  const auto match = router_.find(record.method, record.path);
  services_.monitor.record(record, match.routes.empty() ? std::string_view() : match.pattern);
}

Response App::route(Request& request) {
  auto match = router_.find(request.method, request.path);
  const Owner owner = match.routes.empty() ? owner_of(request.path) : match.routes.front()->owner;
  const bool open = !match.routes.empty() && match.routes.front()->open;
  const Keys::Verdict verdict = open ? Keys::Verdict::admitted : keys_.check(request);
  if (verdict == Keys::Verdict::unknown) {
    Response refused =
        error_response(owner, 401, "invalid_api_key",
                       "This server wants a key: send it as 'Authorization: Bearer KEY' or 'api-key: KEY'.");
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  }
  if (verdict == Keys::Verdict::too_fast) {
    return error_response(owner, 429, "rate_limit_exceeded",
                          "This key has made its requests of this second. Try again later.",
                          std::max(1.0, 1 / options_.key_rate));
  }
  return match.routes.empty() ? no_route(request, match, owner) : run(request, match);
}

// REQUIRES: the match has routes.
Response App::run(const Request& request, Router::Match& match) {
  Json body;
  const Route& first = *match.routes.front();
  const bool array = !first.npy_field.empty() && request.header("content-type").starts_with(kNpyType);
  if (!request.body.empty() && request.method != "GET" && !first.raw) {
    auto parsed = array ? array_body(first, request) : Json::parse(request.body, "The body");
    if (!parsed) {
      return error_response(first.owner, 400, array ? "invalid_array" : "invalid_json", parsed.error().message);
    }
    body = std::move(*parsed);
  }
  const Route& chosen = *choose(match.routes, body);
  if (const Status checked = check_fields(chosen.fields, body); !checked)
    return error_response(chosen.owner, checked.error());
  Call call{request, body, std::move(match.parameters), services_};
  auto answer = guard([&] { return chosen.handler(call); });
  return answer ? std::move(*answer) : error_response(chosen.owner, answer.error());
}

bool App::is_preflight(const Request& request) const {
  return request.method == "OPTIONS" && !options_.cors_origins.empty() &&
         !request.header("access-control-request-method").empty();
}

void App::add_cors(const Request& request, Response& response) const {
  const std::string_view origin = request.header("origin");
  const auto& allowed = options_.cors_origins;
  if (origin.empty() || allowed.empty()) return;
  const bool all = std::ranges::find(allowed, "*") != allowed.end();
  if (!all && std::ranges::find(allowed, origin) == allowed.end()) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", all ? "*" : std::string(origin));
  response.headers.emplace_back("Vary", "Origin");
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, DELETE");
  response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, api-key, x-api-key");
}

}  // namespace isogloss::serve
