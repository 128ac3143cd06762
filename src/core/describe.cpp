// SPDX-License-Identifier: Apache-2.0
#include "core/describe.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text.hpp"

namespace isogloss {
namespace detail {
namespace {

std::unexpected<Error> wrong_type(std::string_view name, const OptionValue& value, std::string_view wanted) {
  return fail(Code::invalid_argument,
              "Option '" + std::string(name) + "' takes " + std::string(wanted) + ", not '" + to_text(value) + "'.");
}

std::string number_text(double value) {
  if (std::isinf(value)) return "";
  std::string out;
  append_number(out, value);
  return out;
}

template <class T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string range_text(Range range) { return number_text(range.low) + ".." + number_text(range.high); }

std::string to_text(const OptionValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string out;
    for (const std::string& item : *list) out += (out.empty() ? "" : "-") + item;
    return out;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return number_text(std::get<double>(value));
}

Status assign(bool& target, const OptionValue& value, std::string_view name) {
  const std::string text = to_text(value);
  const bool yes = text == "yes" || text == "true" || text == "1" || text == "on" || text.empty();
  const bool no = text == "no" || text == "false" || text == "0" || text == "off";
  if (!yes && !no) return wrong_type(name, value, "yes or no");
  target = yes;
  return {};
}

Status assign(std::int64_t& target, const OptionValue& value, std::string_view name) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    target = *integer;
    return {};
  }
  return parse_number(to_text(value), target) ? Status() : wrong_type(name, value, "a whole number");
}

Status assign(double& target, const OptionValue& value, std::string_view name) {
  return parse_number(to_text(value), target) ? Status() : wrong_type(name, value, "a number");
}

Status assign(std::string& target, const OptionValue& value, std::string_view) {
  target = to_text(value);
  return {};
}

Status assign(std::vector<std::string>& target, const OptionValue& value, std::string_view) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    target = *list;
    return {};
  }
  const std::string text = to_text(value);
  target.clear();
  // A comma separates where there is one (flags, JSON); else the dash of "ngram_range=1-2".
  const char separator = text.find(',') != std::string::npos ? ',' : '-';
  for (std::string_view item : split(text, separator)) target.emplace_back(item);
  if (text.empty()) target.clear();
  return {};
}

Status check_range(double value, Range range, std::string_view name) {
  if (value >= range.low && value <= range.high) return {};
  return fail(Code::invalid_argument, "Option '" + std::string(name) + "' must be in " + range_text(range) + ", not " +
                                          number_text(value) + ".");
}

Status check_choice(std::string_view value, Choice choice, std::string_view name) {
  const std::vector<std::string_view> known = split(choice.values, '|');
  if (choice.values.empty() || std::find(known.begin(), known.end(), value) != known.end()) return {};
  return fail(Code::invalid_argument, "Option '" + std::string(name) + "' must be one of " +
                                          std::string(choice.values) + ", not '" + std::string(value) + "'.");
}

Error unknown_option(std::string_view name, const std::vector<std::string>& known, std::string_view owner) {
  std::string message = std::string(owner) + " has no option '" + std::string(name) + "'.";
  const std::string nearest = nearest_name(name, known);
  if (!nearest.empty()) message += " Did you mean '" + nearest + "'?";
  if (nearest.empty() && !known.empty()) {
    message += " Known:";
    for (const std::string& option : known) message += " " + option;
    message += ".";
  }
  return Error{Code::invalid_argument, std::move(message), -1, 0.0};
}

}  // namespace detail

namespace {

// "1..100", an end left out where there is none.
Range parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  Range range{-HUGE_VAL, HUGE_VAL};
  (void)detail::parse_number(text.substr(0, dots), range.low);
  (void)detail::parse_number(text.substr(dots + 2), range.high);
  return range;
}

Status check_option(const OptionInfo& info, const OptionValue& value) {
  const bool ranged = info.range.find("..") != std::string::npos;
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  switch (info.type) {
    case OptionType::boolean: return detail::assign(flag, value, info.name);
    case OptionType::integer:
      IG_TRY(detail::assign(integer, value, info.name));
      number = static_cast<double>(integer);
      break;
    case OptionType::real: IG_TRY(detail::assign(number, value, info.name)); break;
    case OptionType::text: return detail::check_choice(detail::to_text(value), Choice{info.range}, info.name);
    default: return {};
  }
  return ranged ? detail::check_range(number, parse_range(info.range), info.name) : Status();
}

}  // namespace

Status check_options(std::span<const OptionInfo> infos, const OptionValues& values) {
  for (const OptionInfo& info : infos) {
    if (const OptionValue* value = values.find(info.name)) IG_TRY(check_option(info, *value));
  }
  return {};
}

void write_option_values(JsonWriter& out, const OptionValues& values) {
  out.begin_object();
  for (const auto& [name, value] : values) out.key(name).value(value);
  out.end_object();
}

OptionValues option_values_from_json(const Json& object) {
  OptionValues values;
  for (const auto& [name, member] : object.as_object()) {
    if (member.is_array()) {
      std::vector<std::string> list;
      for (const Json& item : member.as_array()) list.push_back(item.as_text());
      values.set(name, std::move(list));
    } else if (member.is_bool()) {
      values.set(name, member.as_bool());
    } else if (member.is_integer()) {
      values.set(name, member.as_integer());
    } else if (member.is_number()) {
      values.set(name, member.as_number());
    } else {
      values.set(name, member.as_text());
    }
  }
  return values;
}

Result<OptionValues> parse_option_list(std::string_view text, std::string_view where) {
  OptionValues values;
  if (text.empty()) return values;
  for (std::string_view item : split(text, ',')) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(Code::invalid_argument,
                  "'" + std::string(item) + "' in " + std::string(where) + " is not of the form name=value.");
    }
    values.set(std::string(item.substr(0, equals)), std::string(item.substr(equals + 1)));
  }
  return values;
}

}  // namespace isogloss
