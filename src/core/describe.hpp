// SPDX-License-Identifier: Apache-2.0
// Options are described once. A family (or any other part) writes a plain struct and one function template:
//
//   struct LsaOptions { std::int64_t dim = 100; bool normalize = true; };
//   template <class Visitor> void describe(LsaOptions& o, Visitor& v) {
//     v("dim", o.dim, Range{1, 65536}, "Number of dimensions kept.");
//     v("normalize", o.normalize, "Scale every row to length 1.");
//   }
//
// From it come OptionInfo tables (option_infos), parsing of named values (parse_options) and JSON (write_options,
// read_options). Members may be bool, std::int64_t, double, std::string or std::vector<std::string>.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "isogloss/options.hpp"

namespace isogloss {

// Inclusive range of a number.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

// The values a text option may take, "l1|l2|none"; empty = any text.
struct Choice {
  std::string_view values;
};

namespace detail {

std::string range_text(Range range);
Status assign(bool& target, const OptionValue& value, std::string_view name);
Status assign(std::int64_t& target, const OptionValue& value, std::string_view name);
Status assign(double& target, const OptionValue& value, std::string_view name);
Status assign(std::string& target, const OptionValue& value, std::string_view name);
Status assign(std::vector<std::string>& target, const OptionValue& value, std::string_view name);
Status check_range(double value, Range range, std::string_view name);
Status check_choice(std::string_view value, Choice choice, std::string_view name);
Error unknown_option(std::string_view name, const std::vector<std::string>& known, std::string_view owner);
std::string to_text(const OptionValue& value);

template <class T>
constexpr OptionType type_of() {
  if constexpr (std::is_same_v<T, bool>) return OptionType::boolean;
  if constexpr (std::is_same_v<T, std::int64_t>) return OptionType::integer;
  if constexpr (std::is_same_v<T, double>) return OptionType::real;
  if constexpr (std::is_same_v<T, std::string>) return OptionType::text;
  return OptionType::list;
}

struct InfoVisitor {
  std::vector<OptionInfo> infos;
  template <class T>
  void operator()(std::string_view name, T& member, std::string_view help) {
    infos.push_back({std::string(name), type_of<T>(), to_text(OptionValue(member)), "", std::string(help)});
  }
  template <class T>
  void operator()(std::string_view name, T& member, Range range, std::string_view help) {
    (*this)(name, member, help);
    infos.back().range = range_text(range);
  }
  void operator()(std::string_view name, std::string& member, Choice choice, std::string_view help) {
    (*this)(name, member, help);
    infos.back().range = std::string(choice.values);
  }
};

struct AssignVisitor {
  const OptionValues& values;
  Status status;
  template <class T>
  void operator()(std::string_view name, T& member, std::string_view) {
    const OptionValue* value = values.find(std::string(name));
    if (value != nullptr && status) status = assign(member, *value, name);
  }
  template <class T>
  void operator()(std::string_view name, T& member, Range range, std::string_view help) {
    (*this)(name, member, help);
    if (status) status = check_range(static_cast<double>(member), range, name);
  }
  void operator()(std::string_view name, std::string& member, Choice choice, std::string_view help) {
    (*this)(name, member, help);
    if (status) status = check_choice(member, choice, name);
  }
};

struct CollectVisitor {
  OptionValues values;
  template <class T, class... Rest>
  void operator()(std::string_view name, T& member, Rest&&...) {
    values.set(std::string(name), OptionValue(member));
  }
};

}  // namespace detail

// The table of options of T.
template <class T>
std::vector<OptionInfo> option_infos() {
  T defaults;
  detail::InfoVisitor visitor;
  describe(defaults, visitor);
  return std::move(visitor.infos);
}

// The options struct with `values` applied over the defaults. Unknown names, wrong types and values out of range are
// Error{invalid_argument}; `owner` ("family 'lsa'") names whose options they are.
template <class T>
Result<T> parse_options(const OptionValues& values, std::string_view owner) {
  T options;
  detail::AssignVisitor visitor{values, {}};
  describe(options, visitor);
  if (!visitor.status) return fail(visitor.status.error());
  std::vector<std::string> known;
  for (const OptionInfo& info : option_infos<T>()) known.push_back(info.name);
  for (const auto& [name, value] : values) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fail(detail::unknown_option(name, known, owner));
    }
  }
  return options;
}

// Values against a table alone, for who has no options struct: type, range and choice of those that are in it.
// Error{invalid_argument} as parse_options.
Status check_options(std::span<const OptionInfo> infos, const OptionValues& values);

// The options as named values.
template <class T>
OptionValues option_values(T options) {
  detail::CollectVisitor visitor;
  describe(options, visitor);
  return std::move(visitor.values);
}

// An object of the values; read back by option_values_from_json.
void write_option_values(JsonWriter& out, const OptionValues& values);
OptionValues option_values_from_json(const Json& object);

// "name=value,name=value" -> values (all as text). `where` names the source in the error.
Result<OptionValues> parse_option_list(std::string_view text, std::string_view where);

}  // namespace isogloss
