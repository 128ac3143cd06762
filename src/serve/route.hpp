// SPDX-License-Identifier: Apache-2.0
// A route says what it is in one record: method, paths, fields, whose wire format, and the function behind it. The
// router, the checks of a body and /openapi.json all come from that record. To add one: a function and its record in a
// file of wire/, and a line in routes.cpp when the file is new.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "isogloss/serve.hpp"
#include "isogloss/tokens.hpp"
#include "serve/engine/engine.hpp"
#include "serve/http/http.hpp"

namespace isogloss::serve {

class Collections;
class Files;
class Jobs;
class Monitor;

// Whose format a route speaks; decides the shape of its errors.
enum class Owner : std::uint8_t { openai, tei, ollama, cohere };

// What a field may be; several are joined by |.
enum FieldType : unsigned { kText = 1, kInteger = 2, kNumber = 4, kBool = 8, kArray = 16, kObject = 32 };

struct Field {
  std::string_view name;
  unsigned types = kText;
  std::string_view help;
  bool required = false;
  std::string_view choices = {};  // "float|base64"; empty = any text
};

struct Services {
  const ServeOptions& options;
  Engine& engine;
  Collections& collections;
  Files& files;
  Jobs& jobs;
  Monitor& monitor;
  ThreadPool* pool = nullptr;
  const Tokenizer* id_tokenizer = nullptr;  // of token ids that are not the model's own; null = there are none
};

// One request on its way to a handler.
struct Call {
  const Request& request;
  const Json& body;                     // null when there is none
  std::vector<std::string> parameters;  // of the path, in order
  Services& services;

  Caller caller() const { return {request.connection, request.cancel}; }
  // The value of a field; null is absent.
  const Json& operator[](std::string_view field) const { return body[field]; }
};

using Handler = Result<Response> (*)(Call& call);

struct Route {
  std::string_view method;
  std::vector<std::string_view> paths;  // "/v1/models/{id}"; {path...} at the end takes the rest
  Owner owner = Owner::openai;
  std::string_view summary;
  std::vector<Field> fields;
  Handler handler = nullptr;
  std::string_view when = {};       // the body has this field: tells apart routes of one path
  bool quick = false;               // takes microseconds
  bool open = false;                // needs no key
  bool raw = false;                 // the body is no JSON; the handler reads it
  std::string_view npy_or = {};     // answers with an array to clients that accept one, else of this type
  std::string_view npy_field = {};  // a body may be an array, which is this field
};

// All routes, in the order of the documentation: routes.cpp.
std::vector<Route> all_routes();

// The fields of a body as they have to be. Error{invalid_argument} names the first that is not.
Status check_fields(const std::vector<Field>& fields, const Json& body);

// An error in the shape of its owner.
Response error_response(Owner owner, const Error& error);
// The same with a status that no code stands for (405, 408, 413, 431).
Response error_response(Owner owner, int status, std::string_view kind, std::string_view message,
                        double retry_after = 0);

Response json_response(std::string body);

// OpenAPI 3.1 of all routes.
std::string openapi(const std::vector<Route>& routes);

}  // namespace isogloss::serve
