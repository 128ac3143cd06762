// SPDX-License-Identifier: Apache-2.0
// JSON in and out. Json is a small tree parsed by simdjson; JsonWriter appends compact JSON to a string.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "isogloss/input.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// A parsed JSON value. Objects keep the order of the text; a repeated key keeps its last value.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;
  explicit Json(bool v) : value_(v) {}
  explicit Json(std::int64_t v) : value_(v) {}
  explicit Json(double v) : value_(v) {}
  explicit Json(std::string v) : value_(std::move(v)) {}
  explicit Json(Array v) : value_(std::move(v)) {}
  explicit Json(Object v) : value_(std::move(v)) {}

  // Parses one document. `where` names the source in the error.
  static Result<Json> parse(std::string_view text, std::string_view where);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // The value, or the fallback when it is of another type.
  bool as_bool(bool fallback = false) const;
  std::int64_t as_integer(std::int64_t fallback = 0) const;
  double as_number(double fallback = 0) const;
  std::string_view as_string(std::string_view fallback = {}) const;
  std::span<const Json> as_array() const;                                    // empty when not an array
  std::span<const std::pair<std::string, Json>> as_object() const;           // empty when not an object
  // Member of an object; null when absent or not an object.
  const Json* find(std::string_view key) const;
  const Json& operator[](std::string_view key) const;  // a null Json when absent

  // A scalar as metadata; an array or object becomes its JSON text.
  MetaValue as_meta() const;
  // A scalar as text (numbers as written shortest), an array or object as JSON.
  std::string as_text() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// Every line of `content` that is not blank, parsed. `name` is that of the file, for errors; `where` is "'NAME' line N".
// The first failure of `visit` ends it.
Status each_json_line(std::string_view content, std::string_view name,
                      const std::function<Status(const Json& json, const std::string& where)>& visit);

// Appends compact JSON (no blanks) to a string, with commas and nesting looked after.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool v);
  JsonWriter& value(std::int64_t v);
  JsonWriter& value(std::uint64_t v);
  JsonWriter& value(int v) { return value(static_cast<std::int64_t>(v)); }
  JsonWriter& value(unsigned v) { return value(static_cast<std::uint64_t>(v)); }
  JsonWriter& value(double v);  // shortest that reads back the same; NaN and infinities become null
  JsonWriter& value(float v);
  JsonWriter& null();
  JsonWriter& value(const MetaValue& v);
  JsonWriter& value(const Json& v);
  JsonWriter& value(const OptionValue& v);
  JsonWriter& values(std::span<const float> row);  // an array
  JsonWriter& raw(std::string_view json);          // already JSON
  template <class T>
  JsonWriter& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

 private:
  JsonWriter& open(char c);
  JsonWriter& close(char c);
  void separate();
  std::string& out_;
  bool first_ = true;
};

// Appends `text` as a JSON string with quotes. Invalid UTF-8 bytes become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// Appends the shortest decimal that reads back as the same number.
void append_number(std::string& out, double value);
void append_number(std::string& out, float value);
void append_number(std::string& out, std::int64_t value);

}  // namespace isogloss
