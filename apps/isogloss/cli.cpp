// SPDX-License-Identifier: Apache-2.0
// The command line on CLI11: one subcommand per verb, global flags anywhere, values from the environment and the
// configuration files where a flag was not given, errors with the nearest known word.
#include "cli.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>

#include "core/json.hpp"
#include "core/text.hpp"

namespace isogloss::cli {
namespace {

constexpr std::string_view kAbout =
    "isogloss: one engine for every generation of embeddings\n\n"
    "  isogloss index docs ./handbook          read, chunk and index a folder\n"
    "  isogloss search docs \"refund period\"    find passages\n"
    "  isogloss ask docs \"What is the refund period?\"    answer with citations\n";

constexpr std::size_t kMostThreads = 1024;

CancelToken g_cancel;

extern "C" void on_signal(int) {
  if (g_cancel.cancelled()) ::_exit(130);
  g_cancel.cancel();
}

std::string option_flag(std::string_view name) {
  std::string out = "--" + std::string(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

// Sets a target from text; used for values that come from the configuration.
using Apply = std::function<bool(const std::string&)>;

class CliFlags final : public Flags {
 public:
  explicit CliFlags(CLI::App& app) : app_(app) {}

  void value(std::string_view names, std::string& target, std::string_view help) override {
    remember(app_.add_option(std::string(names), target, std::string(help)), target);
  }
  void value(std::string_view names, std::size_t& target, std::string_view help) override {
    CLI::Option* option = app_.add_option(std::string(names), target, std::string(help));
    const auto refuse_sign = [](const std::string& text) {  // "-1" would be read as 2^64 - 1
      return text.starts_with('-') ? "'" + text + "' is below 0." : std::string();
    };
    option->check(CLI::Validator(refuse_sign, ""));
    if (target != static_cast<std::size_t>(-1)) option->capture_default_str();  // that one stands for "not given"
    remember(option, target);
  }
  void value(std::string_view names, double& target, std::string_view help) override {
    remember(app_.add_option(std::string(names), target, std::string(help))->capture_default_str(), target);
  }
  void value(std::string_view names, std::optional<double>& target, std::string_view help) override {
    remember(app_.add_option(std::string(names), target, std::string(help)), target);
  }
  void value(std::string_view names, std::vector<std::string>& target, std::string_view help) override {
    CLI::Option* option = app_.add_option(std::string(names), target, std::string(help));
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    applies_.emplace_back(option, [&target](const std::string& text) {
      target = {text};
      return true;
    });
  }
  void flag(std::string_view names, bool& target, std::string_view help) override {
    applies_.emplace_back(app_.add_flag(std::string(names), target, std::string(help)), [&target](const std::string& text) {
      target = text == "true" || text == "yes" || text == "1" || text == "on";
      return target || text == "false" || text == "no" || text == "0" || text == "off";
    });
  }
  void positional(std::string_view name, std::string& target, std::string_view help) override {
    app_.add_option(std::string(name), target, std::string(help))->required();
  }
  void optional_positional(std::string_view name, std::string& target, std::string_view help) override {
    app_.add_option(std::string(name), target, std::string(help));
  }
  void list(std::string_view name, std::vector<std::string>& target, std::string_view help) override {
    app_.add_option(std::string(name), target, std::string(help));
  }
  void options(std::span<const OptionInfo> infos, OptionValues& target) override {
    for (const OptionInfo& info : infos) {
      std::string help = info.help;
      if (!info.range.empty()) help += " (" + info.range + ")";
      if (!info.default_value.empty()) help += " [" + info.default_value + "]";
      const auto set = [&target, name = info.name](const std::string& text) {
        target.set(name, text);
        return true;
      };
      const std::string flag = option_flag(info.name);
      CLI::Option* option = info.type == OptionType::boolean
                                ? app_.add_option_function<std::string>(flag, set, help)->expected(0, 1)
                                : app_.add_option_function<std::string>(flag, set, help);
      if (info.name.find('_') != std::string::npos) {
        CLI::Option* same = app_.add_option_function<std::string>("--" + info.name, set, help);
        same->group("");  // the underscored form is accepted, not shown
      }
      applies_.emplace_back(option, set);
    }
  }

  std::vector<std::string> given() const {
    std::vector<std::string> out;
    for (const auto& [option, apply] : applies_) {
      if (option->count() != 0 && !option->get_lnames().empty()) out.push_back(option->get_lnames().front());
    }
    return out;
  }

  // Whether the flag takes the text; none when there is no such flag.
  std::optional<bool> takes(std::string_view name, const std::string& text) const {
    for (const auto& [option, apply] : applies_) {
      if (std::ranges::find(option->get_lnames(), name) != option->get_lnames().end()) return apply(text);
    }
    return std::nullopt;
  }

  // Values from the configuration for flags that were not given.
  Status apply_config(const Config& config, std::string_view verb) {
    for (const auto& [option, apply] : applies_) {
      if (option->count() != 0 || option->get_lnames().empty()) continue;
      const std::string& name = option->get_lnames().front();
      const auto found = config.find(verb, name);
      if (found && !apply(found->value)) {
        return fail(Code::invalid_argument, "'" + found->value + "' from " + found->origin + " is no value for --" + name +
                                                ". Set another: isogloss config set " + name + " VALUE");
      }
    }
    return {};
  }

 private:
  template <class T>
  void remember(CLI::Option* option, T& target) {
    applies_.emplace_back(option, [&target](const std::string& text) {
      if constexpr (std::is_same_v<T, std::string>) {
        target = text;
        return true;
      } else {
        typename std::conditional<std::is_same_v<T, std::optional<double>>, double, T>::type parsed{};
        const auto r = std::from_chars(text.data(), text.data() + text.size(), parsed);
        target = parsed;
        return r.ec == std::errc() && r.ptr == text.data() + text.size();
      }
    });
  }

  CLI::App& app_;
  std::vector<std::pair<CLI::Option*, Apply>> applies_;
};

void describe_globals(Flags& flags, GlobalFlags& g) {
  flags.value("--threads", g.threads, "threads to use; 0 = all cores");
  flags.value("--memory-limit", g.memory_limit, "most memory to use, as 512M or 2G");
  flags.value("--seed", g.seed, "seed of everything random");
  flags.value("--progress", g.progress, "bar, json or none (default: a bar on a terminal)");
  flags.value("--config", g.config, "configuration file to read instead of the usual ones");
  flags.flag("--offline", g.offline, "open no connection but to this machine");
  flags.flag("-q,--quiet", g.quiet, "print only data and errors");
  flags.flag("-v,--verbose", g.verbose, "say more about what is done");
  flags.flag("--json", g.json, "print JSON, an object a line");
}

// The words that could have been meant by an unknown flag or verb.
std::vector<std::string> known_flags(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

int print_error(const Error& error, bool from_flag) {
  const std::string text = "isogloss: " + error.message + "\n";
  static_cast<void>(!std::fwrite(text.data(), 1, text.size(), stderr));
  return error.code == Code::invalid_argument && from_flag ? kUsage : code_exit_status(error.code);
}

int usage_failure(const CLI::App& root, const CLI::App* verb, const CLI::ParseError& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extra = root.remaining(true);
    const std::string word = extra.empty() ? std::string() : extra.front();
    std::vector<std::string> known = known_flags(verb != nullptr ? *verb : root);
    for (std::string& flag : known_flags(root)) known.push_back(std::move(flag));
    const std::string nearest = nearest_name(word.substr(0, word.find('=')), known);
    message = word.starts_with('-') ? "there is no flag '" + word + "'." : "'" + word + "' is one argument too many.";
    if (!nearest.empty() && word.starts_with('-')) message += " Did you mean '" + nearest + "'?";
  }
  const std::string where = verb != nullptr ? " " + verb->get_name() : "";
  std::fprintf(stderr, "isogloss: %s Run: isogloss%s --help\n", message.c_str(), where.c_str());
  return kUsage;
}

// Draws progress on standard error: a bar on a terminal, JSON lines when asked for.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(const GlobalFlags& flags)
      : json_(flags.progress == "json"),
        bar_(flags.progress == "bar" || (flags.progress == "auto" && ::isatty(STDERR_FILENO) != 0 && !flags.quiet)) {}
  ~ProgressPrinter() { clear(); }

  void operator()(const Progress& p) {
    const auto now = std::chrono::steady_clock::now();
    const bool last = p.total > 0 && p.done >= p.total;
    if (!last && now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    if (phase_ != p.phase) {
      phase_ = p.phase;
      start_ = now;
    }
    if (json_) {
      std::string line;
      JsonWriter json(line);
      json.begin_object().field("phase", phase_).field("unit", p.unit);
      json.field("done", static_cast<std::uint64_t>(p.done)).field("total", static_cast<std::uint64_t>(p.total));
      if (p.loss != 0) json.field("loss", p.loss);
      if (!p.detail.empty()) json.field("detail", p.detail);
      json.end_object();
      std::fprintf(stderr, "%s\n", line.c_str());
    } else if (bar_) {
      draw(p, std::chrono::duration<double>(now - start_).count());
    }
  }

  void clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

 private:
  void draw(const Progress& p, double seconds) {
    const double rate = seconds > 0 ? p.done / seconds : 0;
    std::fprintf(stderr, "\r\x1b[K%s %.0f", phase_.c_str(), p.done);
    if (p.total > 0) std::fprintf(stderr, "/%.0f", p.total);
    std::fprintf(stderr, " %s", std::string(p.unit).c_str());
    if (!p.detail.empty()) std::fprintf(stderr, ", %s", std::string(p.detail).c_str());
    if (rate > 0) std::fprintf(stderr, ", %.0f/s", rate);
    if (rate > 0 && p.total > p.done) std::fprintf(stderr, ", %.0f s left", (p.total - p.done) / rate);
    if (p.loss != 0) std::fprintf(stderr, ", loss %.4f", p.loss);
    drawn_ = true;
  }

  bool json_, bar_, drawn_ = false;
  std::string phase_;
  std::chrono::steady_clock::time_point shown_{}, start_{};
};

Status check_globals(const GlobalFlags& g) {
  if (g.threads > kMostThreads) {
    return usage_error("--threads must be in 0.." + std::to_string(kMostThreads) + ", not " + std::to_string(g.threads) + ".");
  }
  if (g.progress != "auto" && g.progress != "bar" && g.progress != "json" && g.progress != "none") {
    return usage_error("--progress takes bar, json or none, not '" + g.progress + "'.");
  }
  return {};
}

int run_verb(Verb& verb, Program& program) {
  const GlobalFlags& g = program.flags;
  const Status right = check_globals(g);
  if (!right) return print_error(right.error(), true);
  if (g.offline) ::setenv("HF_HUB_OFFLINE", "1", 1);  // for whatever opens connections, children included
  ThreadPool pool(g.threads);
  ProgressPrinter printer(g);
  program.context.pool = &pool;
  program.context.seed = g.seed;
  program.context.cancel = &g_cancel;
  program.context.progress = [&](const Progress& p) { printer(p); };
  program.context.log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::debug && !g.verbose) return;
    printer.clear();
    level >= LogLevel::warning ? program.warn(text) : program.note(text);
  };
  if (!g.memory_limit.empty()) {
    const auto bytes = parse_bytes(g.memory_limit);
    if (!bytes) return print_error(bytes.error(), true);
    program.context.memory_limit = *bytes;
  }
  const Result<int> status = verb.run(program);
  printer.clear();
  return status ? *status : print_error(status.error(), status.error().item == -2);
}

}  // namespace

std::unexpected<Error> usage_error(std::string message) { return fail(Error{Code::invalid_argument, std::move(message), -2, 0.0}); }

void Program::out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(errno == EPIPE ? 0 : kFailed);  // the reader of the pipe has gone
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Program::note(std::string_view text) {
  if (!flags.quiet) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Program::warn(std::string_view text) {
  std::fprintf(stderr, "isogloss: %.*s\n", static_cast<int>(text.size()), text.data());
}

bool Program::is_terminal() const { return ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

Result<std::size_t> parse_bytes(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit = ascii_lower(text.substr(static_cast<std::size_t>(end - text.data())));
  if (unit.ends_with("ib")) unit.resize(unit.size() - 2);
  if (unit.ends_with("b")) unit.resize(unit.size() - 1);
  constexpr std::string_view kUnits = "kmgt";
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  if (error != std::errc() || number < 0 || unit.size() > 1 || (!unit.empty() && power == 0)) {
    return fail(Code::invalid_argument, "'" + std::string(text) + "' is no size; write 100000, 512M or 2G.");
  }
  for (std::size_t i = 0; i < power; ++i) number *= 1024;
  return static_cast<std::size_t>(number);
}

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  const auto display = [](const std::string& cell) {
    return static_cast<std::size_t>(std::count_if(cell.begin(), cell.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  };
  std::vector<bool> numeric;  // every cell but the first row's, which may be a heading
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto& row = rows[r];
    widths.resize(std::max(widths.size(), row.size()), 0);
    numeric.resize(widths.size(), true);
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display(row[i]));
      const bool number = !row[i].empty() && row[i].find_first_not_of("0123456789.-+%") == std::string::npos;
      numeric[i] = numeric[i] && (number || (r == 0 && rows.size() > 1));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - display(row[i]), ' ');
      out += numeric[i] ? pad + row[i] : i + 1 == row.size() ? row[i] : row[i] + pad;
      if (i + 1 < row.size()) out += "  ";
    }
    out += '\n';
  }
  return out;
}

std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

namespace {

// Finds the verb among the words; `at` = index behind it.
Verb* find_verb(const std::vector<std::unique_ptr<Verb>>& verbs, const std::vector<std::string>& words, std::size_t& at) {
  for (at = 0; at < words.size();) {
    const std::string& word = words[at++];
    for (const auto& verb : verbs) {
      if (verb->name() == word || (!verb->alias().empty() && verb->alias() == word)) return verb.get();
    }
  }
  return nullptr;
}

int no_verb(Program& program, CLI::App& app, const std::vector<std::unique_ptr<Verb>>& verbs, const std::vector<std::string>& words) {
  if (words.empty()) {
    program.out(app.help());
    return kUsage;
  }
  std::vector<std::string> known;
  for (const auto& verb : verbs) known.emplace_back(verb->name());
  const std::string nearest = nearest_name(words[0], known);
  const std::string hint = nearest.empty() ? "" : " Did you mean '" + nearest + "'?";
  std::fprintf(stderr, "isogloss: there is no verb '%s'.%s Run: isogloss --help\n", words[0].c_str(), hint.c_str());
  return kUsage;
}

// Adds the subcommands. Only the verb at hand gets its flags: that keeps the start short, and lets flags depend on the
// arguments.
CLI::App* add_verbs(CLI::App& app, const std::vector<std::unique_ptr<Verb>>& verbs, Verb* chosen,
                    std::span<const std::string> arguments, std::unique_ptr<CliFlags>& flags) {
  CLI::App* chosen_app = nullptr;
  for (const auto& verb : verbs) {
    CLI::App* sub = app.add_subcommand(std::string(verb->name()), std::string(verb->summary()));
    if (!verb->alias().empty()) sub->alias(std::string(verb->alias()));
    sub->set_help_flag("-h,--help", "show this help");
    if (verb.get() != chosen) continue;
    chosen_app = sub;
    flags = std::make_unique<CliFlags>(*sub);
    verb->describe(*flags, arguments);
    sub->footer("Examples:\n" + std::string(verb->examples()));
    sub->fallthrough();
  }
  return chosen_app;
}

}  // namespace

Status check_config_value(const std::string& name, const std::string& value) {
  const std::size_t dot = name.find('.');
  const std::string verb_name = dot == std::string::npos ? "" : name.substr(0, dot);
  const std::string flag = dot == std::string::npos ? name : name.substr(dot + 1);
  if (verb_name == "train") return {};  // its flags depend on the family
  std::vector<std::string> known, verb_names;
  for (const auto& verb : make_verbs()) {
    verb_names.emplace_back(verb->name());
    if (!verb_name.empty() && verb->name() != verb_name) continue;
    CLI::App root, app;  // apart: a verb may have a flag of a global one's name
    CliFlags global_flags(root), flags(app);
    GlobalFlags globals;
    describe_globals(global_flags, globals);
    verb->describe(flags, {});
    std::optional<bool> takes = flags.takes(flag, value);
    if (!takes) takes = global_flags.takes(flag, value);
    if (takes) return *takes ? Status() : usage_error("'" + value + "' is no value for --" + flag + ".");
    for (const CLI::App* one : {&root, &app}) {
      for (std::string& other : known_flags(*one)) known.push_back(std::move(other));
    }
  }
  if (known.empty()) {
    const std::string nearest = nearest_name(verb_name, verb_names);
    return usage_error("there is no verb '" + verb_name + "'." + (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
  }
  const std::string nearest = nearest_name("--" + flag, known);
  return usage_error("there is no flag '--" + flag + "'" + (verb_name.empty() ? "" : " of " + verb_name) + "." +
                     (nearest.empty() ? " Run: isogloss --help" : " Did you mean '" + nearest.substr(2) + "'?"));
}

int run(int argc, char** argv) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  CLI::App app(std::string(kAbout), "isogloss");
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "show this help");
  Program program;
  const std::vector<std::unique_ptr<Verb>> verbs = make_verbs();
  std::size_t at = 0;
  Verb* chosen = find_verb(verbs, words, at);
  CliFlags root_flags(app);
  describe_globals(root_flags, program.flags);
  std::unique_ptr<CliFlags> verb_flags;
  const std::span<const std::string> arguments = std::span(words).subspan(at);
  CLI::App* chosen_app = add_verbs(app, verbs, chosen, arguments, verb_flags);
  const std::size_t parsed = chosen != nullptr ? at + chosen->own_words(arguments) : words.size();
  try {
    app.parse(std::vector<std::string>(words.rend() - static_cast<std::ptrdiff_t>(parsed), words.rend()));
  } catch (const CLI::CallForHelp&) {
    program.out(chosen_app != nullptr ? chosen_app->help("isogloss") : app.help());
    return kDone;
  } catch (const CLI::ParseError& error) {
    const bool verb_missing = chosen == nullptr && !words.empty() && !words[0].starts_with('-');
    if (!verb_missing) return usage_failure(app, chosen_app, error);
  }
  if (chosen == nullptr) return no_verb(program, app, verbs, words);
  const auto config = Config::load(program.flags.config);
  if (!config) return print_error(config.error(), false);
  for (CliFlags* flags : {&root_flags, verb_flags.get()}) {
    const Status applied = flags->apply_config(*config, chosen->name());
    if (!applied && chosen->name() == "config") {  // which is there to mend it
      program.warn(applied.error().message);
    } else if (!applied) {
      return print_error(applied.error(), true);
    }
  }
  program.given = root_flags.given();
  return run_verb(*chosen, program);
}

}  // namespace isogloss::cli
