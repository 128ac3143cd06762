// SPDX-License-Identifier: Apache-2.0
// OpenAPI 3.1 from the table of routes.
#include <algorithm>
#include <array>
#include <map>

#include "core/text.hpp"
#include "serve/array.hpp"

namespace isogloss::serve {
namespace {

void write_types(JsonWriter& json, unsigned types) {
  constexpr std::array<std::pair<unsigned, const char*>, 6> kNames{{{kText, "string"},
                                                                    {kInteger, "integer"},
                                                                    {kNumber, "number"},
                                                                    {kBool, "boolean"},
                                                                    {kArray, "array"},
                                                                    {kObject, "object"}}};
  json.key("type").begin_array();
  for (const auto& [type, name] : kNames) {
    if ((types & type) != 0) json.value(name);
  }
  json.value("null").end_array();  // clients send null for what they leave out
}

void write_schema(JsonWriter& json, const Route& route) {
  json.begin_object().field("type", "object").key("properties").begin_object();
  for (const Field& field : route.fields) {
    json.key(field.name).begin_object();
    if (field.required && field.types == kText)
      json.field("type", "string");
    else
      write_types(json, field.types);
    json.field("description", field.help);
    if (!field.choices.empty() && field.types == kText) {
      json.key("enum").begin_array();
      for (const std::string_view choice : split(field.choices, '|')) json.value(choice);
      json.null().end_array();
    }
    json.end_object();
  }
  json.end_object().key("required").begin_array();
  for (const Field& field : route.fields) {
    if (field.required) json.value(field.name);
  }
  json.end_array().end_object();
}

void write_parameters(JsonWriter& json, std::string_view path) {
  json.key("parameters").begin_array();
  for (const std::string_view part : split(path, '/')) {
    if (!part.starts_with('{')) continue;
    const std::string_view name = part.substr(1, part.find_first_of(".}") - 1);
    json.begin_object().field("name", name).field("in", "path").field("required", true);
    json.key("schema").begin_object().field("type", "string").end_object().end_object();
  }
  json.end_array();
}

void write_array_type(JsonWriter& json) {
  json.key(kNpyType).begin_object().key("schema").begin_object();
  json.field("type", "string").field("format", "binary").end_object().end_object();
}

void write_operation(JsonWriter& json, std::string_view path, const std::vector<const Route*>& routes) {
  json.key(ascii_lower(routes[0]->method)).begin_object().field("summary", routes[0]->summary);
  write_parameters(json, path);
  if (!routes[0]->fields.empty()) {
    json.key("requestBody").begin_object().field("required", true).key("content").begin_object();
    json.key("application/json").begin_object().key("schema");
    if (routes.size() > 1) json.begin_object().key("anyOf").begin_array();
    for (const Route* route : routes) write_schema(json, *route);
    if (routes.size() > 1) json.end_array().end_object();
    json.end_object();
    if (!routes[0]->npy_field.empty()) write_array_type(json);
    json.end_object().end_object();
  }
  json.key("responses").begin_object();
  json.key("200").begin_object().field("description", "the answer");
  if (!routes[0]->npy_or.empty()) {
    json.key("content").begin_object().key(routes[0]->npy_or).begin_object().end_object();
    write_array_type(json);
    json.end_object();
  }
  json.end_object();
  json.key("default")
      .begin_object()
      .field("description", "an error, with a sentence that says what is wrong")
      .end_object();
  json.end_object().end_object();
}

}  // namespace

std::string openapi(const std::vector<Route>& routes) {
  // path -> method -> routes, in the order of the paths' names
  std::map<std::string, std::map<std::string_view, std::vector<const Route*>>> paths;
  for (const Route& route : routes) {
    for (const std::string_view path : route.paths) {
      std::string name(path);
      if (const std::size_t dots = name.find("..."); dots != std::string::npos) name.erase(dots, 3);
      paths[name][route.method].push_back(&route);
    }
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("openapi", "3.1.0").key("info").begin_object();
  json.field("title", "isogloss").field("version", IG_VERSION).end_object().key("paths").begin_object();
  for (const auto& [path, methods] : paths) {
    json.key(path).begin_object();
    for (const auto& [method, of_path] : methods) write_operation(json, path, of_path);
    json.end_object();
  }
  json.end_object().end_object();
  return out;
}

}  // namespace isogloss::serve
