// SPDX-License-Identifier: Apache-2.0
// Options by name. Each family describes its options once (src/core/describe.hpp); this is the public form of that
// table, from which command-line flags, JSON, Python keywords, HTTP fields and the documentation come.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

enum class OptionType : std::uint8_t { boolean, integer, real, text, list };

struct OptionInfo {
  std::string name;
  OptionType type = OptionType::text;
  std::string default_value;  // as a user would type it
  std::string range;          // "1..65536", "l1|l2|none"; empty = any
  std::string help;           // one sentence
};

using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// Name -> value. A string is accepted for any type and parsed by the option's own rule ("1-2" for a list of 1 and 2).
class OptionValues {
 public:
  OptionValues() = default;
  OptionValues(std::initializer_list<std::pair<const std::string, OptionValue>> values) : values_(values) {}

  void set(std::string name, OptionValue value) { values_.insert_or_assign(std::move(name), std::move(value)); }
  void erase(const std::string& name) { values_.erase(name); }
  const OptionValue* find(const std::string& name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? nullptr : &it->second;
  }
  bool empty() const { return values_.empty(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::map<std::string, OptionValue> values_;
};

// The known name nearest to `name` by edit distance, or empty when none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace isogloss
