// SPDX-License-Identifier: Apache-2.0
// Checks of a body against the fields of its route.
#include <array>

#include "core/text.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

unsigned type_of(const Json& value) {
  if (value.is_string()) return kText;
  if (value.is_integer()) return kInteger | kNumber;
  if (value.is_number()) return kNumber;
  if (value.is_bool()) return kBool;
  if (value.is_array()) return kArray;
  return kObject;
}

std::string names_of(unsigned types) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 6> kNames{{{kText, "a string"},
                                                                         {kInteger, "an integer"},
                                                                         {kNumber, "a number"},
                                                                         {kBool, "true or false"},
                                                                         {kArray, "an array"},
                                                                         {kObject, "an object"}}};
  std::string out;
  for (const auto& [type, name] : kNames) {
    if ((types & type) != 0) out += (out.empty() ? "" : " or ") + std::string(name);
  }
  return out;
}

bool is_choice(std::string_view choices, std::string_view value) {
  for (const std::string_view choice : split(choices, '|')) {
    if (choice == value) return true;
  }
  return false;
}

}  // namespace

Status check_fields(const std::vector<Field>& fields, const Json& body) {
  if (!body.is_object() && !fields.empty()) {
    return fail(Code::invalid_argument,
                body.is_null() ? "The request has no body; send a JSON object." : "The body must be a JSON object.");
  }
  for (const Field& field : fields) {
    const Json& value = body[field.name];
    const std::string name = "'" + std::string(field.name) + "'";
    if (value.is_null()) {
      if (field.required)
        return fail(Code::invalid_argument, "The field " + name + " is missing: " + std::string(field.help) + ".");
      continue;
    }
    if ((type_of(value) & field.types) == 0) {
      return fail(Code::invalid_argument, "The field " + name + " must be " + names_of(field.types) + ".");
    }
    if (!field.choices.empty() && value.is_string() && !is_choice(field.choices, value.as_string())) {
      std::string list(field.choices);
      for (std::size_t bar; (bar = list.find('|')) != std::string::npos;) list.replace(bar, 1, ", ");
      return fail(Code::invalid_argument,
                  "The field " + name + " takes " + list + ", not '" + shortened(value.as_string(), 80) + "'.");
    }
  }
  return {};
}

}  // namespace isogloss::serve
