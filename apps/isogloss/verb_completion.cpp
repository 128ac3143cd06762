// SPDX-License-Identifier: Apache-2.0
// Shell completion: verbs and flags come from the program's own tables at generation time; collection and model names are
// asked for when completing.
#include <algorithm>

#include "isogloss/collection.hpp"
#include "isogloss/reference.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// Collects the long flags of a verb.
class FlagNames final : public Flags {
 public:
  std::vector<std::string> names;
  void value(std::string_view n, std::string&, std::string_view) override { take(n); }
  void value(std::string_view n, std::size_t&, std::string_view) override { take(n); }
  void value(std::string_view n, double&, std::string_view) override { take(n); }
  void value(std::string_view n, std::optional<double>&, std::string_view) override { take(n); }
  void value(std::string_view n, std::vector<std::string>&, std::string_view) override { take(n); }
  void flag(std::string_view n, bool&, std::string_view) override { take(n); }
  void positional(std::string_view, std::string&, std::string_view) override {}
  void optional_positional(std::string_view, std::string&, std::string_view) override {}
  void list(std::string_view, std::vector<std::string>&, std::string_view) override {}
  void options(std::span<const OptionInfo>, OptionValues&) override {}

 private:
  void take(std::string_view n) { names.emplace_back(n.substr(n.find("--"))); }
};

constexpr std::string_view kBash = R"bash(_isogloss() {
  local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "@VERBS@" -- "$word"))
    return
  fi
  case $word in
    -*) case $verb in
@CASES@
      esac ;;
    *) COMPREPLY=($(compgen -W "$(isogloss completion names 2>/dev/null)" -- "$word") $(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _isogloss isogloss
)bash";

class CompletionVerb final : public Verb {
 public:
  std::string_view name() const override { return "completion"; }
  std::string_view summary() const override { return "completion script for bash, zsh or fish"; }
  std::string_view examples() const override {
    return "  source <(isogloss completion bash)\n  isogloss completion fish > ~/.config/fish/completions/isogloss.fish\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("SHELL", shell_, "bash, zsh, fish; or names: collections and models");
  }
  Result<int> run(Program& program) override {
    if (shell_ == "names") return names(program);
    if (shell_ == "bash") program.out(bash());
    else if (shell_ == "zsh") program.out("autoload -U +X bashcompinit && bashcompinit\n" + bash());
    else if (shell_ == "fish") program.out(fish());
    else return usage_error("completion knows bash, zsh and fish, not '" + shell_ + "'.");
    return kDone;
  }

 private:
  static Result<int> names(Program& program) {
    std::string out;
    for (const std::string& name : IG_TRY(list_collections())) out += name + "\n";
    std::error_code error;
    for (std::filesystem::directory_iterator it(models_folder(), error), end; !error && it != end; it.increment(error)) {
      out += it->path().filename().string() + "\n";
    }
    program.out(out);
    return kDone;
  }

  static std::string replaced(std::string text, std::string_view slot, const std::string& with) {
    return text.replace(text.find(slot), slot.size(), with);
  }

  static std::string bash() {
    std::string verbs, cases;
    for (const auto& verb : make_verbs()) {
      FlagNames flags;
      verb->describe(flags, {});
      verbs += (verbs.empty() ? "" : " ") + std::string(verb->name());
      cases += "      " + std::string(verb->name()) + ") COMPREPLY=($(compgen -W \"";
      for (const std::string& flag : flags.names) cases += flag + " ";
      cases += "--json --quiet --threads --help\" -- \"$word\")) ;;\n";
    }
    cases.pop_back();
    return replaced(replaced(std::string(kBash), "@VERBS@", verbs), "@CASES@", cases);
  }

  static std::string fish() {
    std::string out;
    for (const auto& verb : make_verbs()) {
      const std::string name(verb->name());
      out += "complete -c isogloss -n __fish_use_subcommand -a " + name + " -d '" + std::string(verb->summary()) + "'\n";
      FlagNames flags;
      verb->describe(flags, {});
      for (const std::string& flag : flags.names) {
        out += "complete -c isogloss -n '__fish_seen_subcommand_from " + name + "' -l " + flag.substr(2) + "\n";
      }
    }
    return out + "complete -c isogloss -n 'not __fish_use_subcommand' -a '(isogloss completion names)'\n";
  }

  std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> make_completion_verb() { return std::make_unique<CompletionVerb>(); }

}  // namespace isogloss::cli
