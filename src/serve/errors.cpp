// SPDX-License-Identifier: Apache-2.0
// Every owner's clients read errors of another shape; here are all of them.
#include <cmath>

#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

std::string_view openai_type(int status) {
  if (status == 401) return "authentication_error";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string_view tei_type(int status) {
  switch (status) {
    case 429:
      return "Overloaded";
    case 503:
      return "Unhealthy";
    case 422:
      return "Tokenizer";
    default:
      return status >= 500 ? "Backend" : "Validation";
  }
}

// Where an owner uses another status than the table of codes.
int status_for(Owner owner, const Error& error) {
  if (owner == Owner::tei && error.code == Code::too_long) return 413;
  return code_http_status(error.code);
}

}  // namespace

Response json_response(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

Response error_response(Owner owner, int status, std::string_view kind, std::string_view message, double retry_after) {
  Response response;
  response.status = status;
  JsonWriter json(response.body);
  json.begin_object();
  switch (owner) {
    case Owner::openai:
      json.key("error").begin_object().field("message", message).field("type", openai_type(status)).key("param").null();
      json.field("code", kind).end_object();
      break;
    case Owner::tei:
      json.field("error", message).field("error_type", tei_type(status));
      break;
    case Owner::ollama:
      json.field("error", message);
      break;
    case Owner::cohere:
      json.field("message", message);
      break;
  }
  json.end_object();
  if (retry_after > 0)
    response.headers.emplace_back("Retry-After", std::to_string(static_cast<long>(std::ceil(retry_after))));
  return response;
}

Response error_response(Owner owner, const Error& error) {
  std::string message = error.message;
  if (error.item >= 0) message = "Input " + std::to_string(error.item) + ": " + message;
  return error_response(owner, status_for(owner, error), code_name(error.code), message, error.retry_after);
}

}  // namespace isogloss::serve
