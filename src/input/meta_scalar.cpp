// SPDX-License-Identifier: Apache-2.0
#include "input/meta_scalar.hpp"

#include <charconv>
#include <string>

namespace isogloss::input {
namespace {

template <class Number>
bool parse(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, number);
  return r.ec == std::errc() && r.ptr == end;
}

}  // namespace

MetaValue meta_scalar(std::string_view text) {
  if (text.empty()) return std::monostate{};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string_view digits = text.substr(text[0] == '-' ? 1 : 0);
  const bool number = !digits.empty() && (digits[0] == '.' || (digits[0] >= '0' && digits[0] <= '9'));
  const bool padded = digits.size() > 1 && digits[0] == '0' && digits[1] != '.';
  std::int64_t integer = 0;
  double real = 0;
  if (number && !padded && parse(text, integer)) return integer;
  if (number && !padded && parse(text, real)) return real;
  return std::string(text);
}

}  // namespace isogloss::input
