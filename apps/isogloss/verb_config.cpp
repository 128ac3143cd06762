// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class ConfigVerb final : public Verb {
 public:
  std::string_view name() const override { return "config"; }
  std::string_view summary() const override { return "show and set configuration values"; }
  std::string_view examples() const override {
    return "  isogloss config show --origin\n  isogloss config set threads 2\n  isogloss config set search.count 5\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("ACTION", action_, "show or set");
    flags.optional_positional("NAME", name_, "a flag's long name, or VERB.FLAG");
    flags.optional_positional("VALUE", value_, "the value");
    flags.flag("--origin", origin_, "say where each value comes from");
  }
  Result<int> run(Program& program) override {
    if (action_ == "show") return show(program);
    if (action_ == "set") return set(program);
    return usage_error("there is no action '" + action_ + "'; use show or set.");
  }

 private:
  Result<int> show(Program& program) const {
    const Config config = IG_TRY(Config::load(program.flags.config));
    std::vector<std::vector<std::string>> rows;
    std::string out;
    const auto row = [&](const std::string& name, const ConfigValue& value) {
      rows.push_back(origin_ ? std::vector<std::string>{name, value.value, value.origin} : std::vector<std::string>{name, value.value});
      JsonWriter(out).begin_object().field("name", name).field("value", value.value).field("origin", value.origin).end_object();
      out += '\n';
    };
    const GlobalFlags& now = program.flags;
    const auto yes = [](bool flag) { return std::string(flag ? "true" : "false"); };
    const std::pair<const char*, std::string> globals[] = {
        {"threads", std::to_string(now.threads)}, {"memory-limit", now.memory_limit}, {"seed", std::to_string(now.seed)},
        {"progress", now.progress}, {"offline", yes(now.offline)}, {"quiet", yes(now.quiet)}, {"verbose", yes(now.verbose)},
        {"json", yes(now.json)}};
    for (const auto& [flag, value] : globals) {
      const bool given = std::ranges::find(program.given, flag) != program.given.end();
      row(flag, {value, given ? "command line" : config.find("config", flag).value_or(ConfigValue{"", "default"}).origin});
    }
    for (const auto& [name, value] : config.all()) {
      const bool listed = std::any_of(rows.begin(), rows.end(), [&](const auto& r) { return r[0] == name; });
      if (!listed) row(name, value);
    }
    program.out(program.flags.json ? out : format_table(rows));
    return kDone;
  }

  // Rewrites the user's file with the value in it; comments above other values stay.
  Result<int> set(Program& program) const {
    if (name_.empty() || value_.empty()) return usage_error("config set needs a name and a value: isogloss config set threads 2");
    IG_TRY(check_config_value(name_, value_));
    const std::filesystem::path file = program.flags.config.empty() ? Config::user_file() : std::filesystem::path(program.flags.config);
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    const auto old = read_file(file);
    const std::size_t dot = name_.find('.');
    const std::string table = dot == std::string::npos ? "" : name_.substr(0, dot);
    const std::string key = dot == std::string::npos ? name_ : name_.substr(dot + 1);
    std::string quoted;
    append_json_string(quoted, value_);
    const bool plain = value_ == "true" || value_ == "false" || value_.find_first_not_of("0123456789") == std::string::npos;
    IG_TRY(write_file(file, with_value(old ? *old : "", table, key + " = " + (plain ? value_ : quoted), key)));
    program.note("set " + name_ + " in " + file.string());
    return kDone;
  }

  static std::string with_value(const std::string& text, const std::string& table, const std::string& line, const std::string& key) {
    std::string out, current;
    bool done = false;
    const auto insert = [&] {
      if (!done) out += line + "\n";
      done = true;
    };
    for (const std::string_view raw : split(text, '\n')) {
      const std::string_view trimmed = trim(raw);
      if (trimmed.starts_with('[')) {
        if (current == table) insert();
        current = trimmed.substr(1, trimmed.find(']') - 1);
      }
      const bool same = current == table && trim(trimmed.substr(0, trimmed.find('='))) == key && trimmed.find('=') != std::string_view::npos;
      if (same) {
        insert();
      } else if (!raw.empty() || !out.empty()) {
        out += std::string(raw) + "\n";
      }
    }
    while (out.ends_with("\n\n")) out.pop_back();
    if (!done && current != table) out += "[" + table + "]\n";
    insert();
    return out;
  }

  std::string action_, name_, value_;
  bool origin_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_config_verb() { return std::make_unique<ConfigVerb>(); }

}  // namespace isogloss::cli
