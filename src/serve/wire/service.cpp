// SPDX-License-Identifier: Apache-2.0
// What watches and describes the server: health, metrics, OpenAPI.
#include "serve/monitor.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

Result<Response> health(Call&) { return json_response("{\"status\":\"ok\"}"); }

Result<Response> ready(Call& call) {
  for (const ModelState& state : call.services.engine.models().list()) {
    if (state.loaded != nullptr) return json_response("{\"status\":\"ready\"}");
  }
  return json_response("{\"status\":\"ready\",\"models\":\"loaded when asked for\"}");
}

Result<Response> metrics(Call& call) {
  Monitor& monitor = call.services.monitor;
  Response response = json_response(monitor.metrics(monitor.gauges(), call.services.engine));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<Response> describe(Call&) {
  static const std::string text = openapi(all_routes());
  return json_response(text);
}

}  // namespace

std::vector<Route> service_routes() {
  return {
      {"GET", {"/health", "/v1/health"}, Owner::openai, "Whether the server runs", {}, health, {}, true, true},
      {"GET", {"/ready"}, Owner::openai, "Whether it can embed", {}, ready, {}, true, true},
      {"GET", {"/metrics"}, Owner::openai, "Counts for Prometheus", {}, metrics, {}, true},
      {"GET", {"/openapi.json"}, Owner::openai, "This table", {}, describe, {}, true, true},
  };
}

}  // namespace isogloss::serve
