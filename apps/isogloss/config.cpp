// SPDX-License-Identifier: Apache-2.0
// Configuration: ISOGLOSS_* in the environment, ./isogloss.toml, the user's file. TOML tables are verbs.
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "cli.hpp"

namespace isogloss::cli {
namespace fs = std::filesystem;
namespace {

std::string environment_name(std::string_view flag) {
  std::string out = "ISOGLOSS_";
  for (const char c : flag) out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

std::string scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  std::ostringstream out;
  if (const auto* integer = node.as_integer()) out << integer->get();
  if (const auto* real = node.as_floating_point()) out << real->get();
  return out.str();
}

void collect(const toml::table& table, const std::string& prefix, const std::string& origin,
             std::vector<std::pair<std::string, ConfigValue>>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      collect(*inner, name + ".", origin, out);
    } else {
      out.emplace_back(name, ConfigValue{scalar_text(node), origin});
    }
  }
}

}  // namespace

fs::path Config::user_file() {
  if (const char* home = std::getenv("XDG_CONFIG_HOME"); home != nullptr && *home != '\0') {
    return fs::path(home) / "isogloss/isogloss.toml";
  }
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config/isogloss/isogloss.toml";
}

Result<Config> Config::load(const std::string& explicit_file) {
  Config config;
  std::vector<fs::path> files{"isogloss.toml", user_file()};
  if (!explicit_file.empty()) files = {explicit_file};
  for (const fs::path& file : files) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
      if (explicit_file.empty()) continue;
      return fail(Code::not_found, "there is no configuration file '" + file.string() + "'.");
    }
    try {
      collect(toml::parse_file(file.string()), "", file.string(), config.values_);
    } catch (const toml::parse_error& problem) {
      return fail(Code::corrupt_data, "'" + file.string() + "' line " + std::to_string(problem.source().begin.line) +
                                          ": " + std::string(problem.description()));
    }
  }
  return config;
}

std::optional<ConfigValue> Config::find(std::string_view verb, std::string_view flag) const {
  const std::string variable = environment_name(flag);
  if (const char* value = std::getenv(variable.c_str())) return ConfigValue{value, "environment " + variable};
  for (const std::string& name : {std::string(verb) + "." + std::string(flag), std::string(flag)}) {
    const auto it = std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == name; });
    if (it != values_.end()) return it->second;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, ConfigValue>> Config::all() const { return values_; }

}  // namespace isogloss::cli
