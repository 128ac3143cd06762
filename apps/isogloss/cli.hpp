// SPDX-License-Identifier: Apache-2.0
// What a verb sees of the command line: flags bound to its members, the program's shared state, and printing. CLI11
// itself is included by cli.cpp alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/model.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss::cli {

// Flags every verb has.
struct GlobalFlags {
  std::size_t threads = 0;
  std::string memory_limit;
  std::uint64_t seed = 42;
  std::string progress = "auto";
  std::string config;
  bool offline = false, quiet = false, verbose = false, json = false;
};

// Binds names to variables. `names` as typed: "-n,--count"; a positional has no dash.
class Flags {
 public:
  virtual ~Flags() = default;
  virtual void value(std::string_view names, std::string& target, std::string_view help) = 0;
  virtual void value(std::string_view names, std::size_t& target, std::string_view help) = 0;
  virtual void value(std::string_view names, double& target, std::string_view help) = 0;
  virtual void value(std::string_view names, std::optional<double>& target, std::string_view help) = 0;
  virtual void value(std::string_view names, std::vector<std::string>& target, std::string_view help) = 0;  // repeats
  virtual void flag(std::string_view names, bool& target, std::string_view help) = 0;
  // Positionals, in order of the calls. `list` takes all that follow.
  virtual void positional(std::string_view name, std::string& target, std::string_view help) = 0;
  virtual void optional_positional(std::string_view name, std::string& target, std::string_view help) = 0;
  virtual void list(std::string_view name, std::vector<std::string>& target, std::string_view help) = 0;
  // One flag per described option: ngram_range becomes --ngram-range.
  virtual void options(std::span<const OptionInfo> infos, OptionValues& target) = 0;
};

// Shared state of one run.
class Program {
 public:
  GlobalFlags flags;
  std::vector<std::string> given;  // long names of the global flags on the command line
  Context context;

  // Data goes to standard output, in one write per call.
  void out(std::string_view text);
  void line(std::string text) { out(text += '\n'); }
  void note(std::string_view text);  // to standard error, unless quiet
  void warn(std::string_view text);  // to standard error
  bool is_terminal() const;          // of standard output, with colour allowed
};

enum ExitStatus : int { kDone = 0, kFailed = 1, kUsage = 2, kNotFound = 3, kSomeFailed = 4, kGate = 5, kOffline = 6 };

// A verb, one per file. run() returns an exit status; an Error is printed and mapped to one.
class Verb {
 public:
  virtual ~Verb() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view alias() const { return {}; }
  virtual std::string_view summary() const = 0;
  virtual std::string_view examples() const = 0;  // a command a line
  // `args` are the raw words behind the verb, for verbs whose flags depend on one of them.
  virtual void describe(Flags& flags, std::span<const std::string> args) = 0;
  // How many of `args` are flags of ours; what follows is another tool's own and reaches only describe().
  virtual std::size_t own_words(std::span<const std::string> args) const { return args.size(); }
  virtual Result<int> run(Program& program) = 0;
};

// The only list of verbs: verbs.cpp.
std::vector<std::unique_ptr<Verb>> make_verbs();

// A wrong flag value: exit status 2.
std::unexpected<Error> usage_error(std::string message);
// Of a call whose invalid arguments can only come from the command line.
template <class T>
Result<T> from_flags(Result<T> result) {
  if (!result && result.error().code == Code::invalid_argument) return usage_error(result.error().message);
  return result;
}

// Configuration values by name with where they came from (config.cpp).
struct ConfigValue {
  std::string value;
  std::string origin;  // "environment ISOGLOSS_THREADS", "./isogloss.toml", ...
};
class Config {
 public:
  // Reads ./isogloss.toml and the XDG file, or the one named by --config. Error{corrupt_data} names file and line.
  static Result<Config> load(const std::string& explicit_file);
  // Environment first, then files; `verb` values ("search.n") before plain ones ("n").
  std::optional<ConfigValue> find(std::string_view verb, std::string_view flag) const;
  std::vector<std::pair<std::string, ConfigValue>> all() const;
  static std::filesystem::path user_file();

 private:
  std::vector<std::pair<std::string, ConfigValue>> values_;  // files, strongest first
};

// Whether a flag of that name ("threads", "search.count") exists and takes the value. Error{invalid_argument} names the
// nearest one.
Status check_config_value(const std::string& name, const std::string& value);

// Runs the command line; returns the exit status.
int run(int argc, char** argv);

// Bytes of "512M", "2GiB", "100000". Error{invalid_argument}.
Result<std::size_t> parse_bytes(std::string_view text);

// Columns padded to their widest cell, two blanks between; numbers to the right.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

std::string fixed(double value, int digits);

}  // namespace isogloss::cli
