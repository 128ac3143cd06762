// SPDX-License-Identifier: Apache-2.0
// A value of a JSON file that knows where it stands, so that every complaint names the file and the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace isogloss::tokens {

// What a part's complaint about its input is when the input came from a file.
inline Code file_code(const Error& error) {
  return error.code == Code::invalid_argument ? Code::corrupt_data : error.code;
}

// REQUIRES: the Json outlives it.
class JsonNode {
 public:
  JsonNode(const Json& value, std::string file) : value_(&value), file_(std::move(file)) {}

  const Json& value() const { return *value_; }
  bool is_null() const { return value_->is_null(); }
  // Error{corrupt_data}: "FILE: PLACE MESSAGE".
  std::unexpected<Error> fail(std::string_view message, Code code = Code::corrupt_data) const {
    return isogloss::fail(
        code, file_ + ": " + (path_.empty() ? std::string("the document") : path_) + " " + std::string(message));
  }

  // "FILE: PLACE", for parts that complain later.
  std::string place() const { return file_ + ": " + path_; }
  bool has(std::string_view key) const { return value_->find(key) != nullptr && !value_->find(key)->is_null(); }
  // A null value when absent.
  JsonNode operator[](std::string_view key) const {
    return {(*value_)[key], file_, path_.empty() ? std::string(key) : path_ + "." + std::string(key)};
  }
  std::vector<JsonNode> items() const {
    std::vector<JsonNode> out;
    const auto array = value_->as_array();
    for (std::size_t i = 0; i < array.size(); ++i)
      out.push_back({array[i], file_, path_ + "[" + std::to_string(i) + "]"});
    return out;
  }

  Result<std::string> text() const {
    if (!value_->is_string()) return fail("is not a text.");
    return std::string(value_->as_string());
  }
  // `fallback` when absent or null.
  Result<std::string> text_or(std::string_view fallback) const {
    if (is_null()) return std::string(fallback);
    return text();
  }
  Result<bool> boolean_or(bool fallback) const {
    if (is_null()) return fallback;
    if (!value_->is_bool()) return fail("is neither true nor false.");
    return value_->as_bool();
  }
  // A whole number in [0, most].
  Result<std::uint32_t> number(std::uint32_t most) const {
    if (!value_->is_integer() || value_->as_integer() < 0 || value_->as_integer() > most) {
      return fail("is not a whole number from 0 to " + std::to_string(most) + ".");
    }
    return static_cast<std::uint32_t>(value_->as_integer());
  }

 private:
  JsonNode(const Json& value, std::string file, std::string path)
      : value_(&value), file_(std::move(file)), path_(std::move(path)) {}
  const Json* value_;
  std::string file_;
  std::string path_;
};

}  // namespace isogloss::tokens
