// SPDX-License-Identifier: Apache-2.0
// Source code: the content is the text; definitions of functions, classes and the like are headings, so that a chunk
// tells what it is inside of. No grammar is parsed: a line that begins with one of its language's words of definition
// is a heading, and how deep it is indented beneath other such lines is its level. The language comes from the
// extension, else from the first line (#!).
#include <array>
#include <cctype>

#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kLongestSymbol = 120;  // bytes
constexpr std::size_t kDeepest = 6;

enum class Blocks : std::uint8_t { none, keyword, brace };  // how symbols are told

struct Language {
  std::string_view name, extensions, shebang;
  Blocks blocks;
  std::string_view words;  // that begin a definition, modifiers aside
};
constexpr std::string_view kClassWords = "class struct enum union interface namespace trait record";
constexpr std::array kLanguages{
    Language{"python", ".py .pyi", "python", Blocks::keyword, "def class"},
    Language{"c", ".c .h", "", Blocks::brace, kClassWords},
    Language{"cpp", ".cc .cpp .cxx .hpp .hh .inl .cu", "", Blocks::brace, kClassWords},
    Language{"javascript", ".js .mjs .cjs .jsx .vue .svelte", "node", Blocks::brace, "function class"},
    Language{"typescript", ".ts .tsx", "deno", Blocks::brace, "function class interface enum namespace"},
    Language{"java", ".java", "", Blocks::brace, kClassWords},
    Language{"csharp", ".cs", "", Blocks::brace, kClassWords},
    Language{"kotlin", ".kt", "", Blocks::keyword, "fun class interface object"},
    Language{"scala", ".scala", "", Blocks::keyword, "def class object trait"},
    Language{"go", ".go", "", Blocks::keyword, "func type"},
    Language{"rust", ".rs", "", Blocks::keyword, "fn struct enum trait impl mod"},
    Language{"swift", ".swift", "", Blocks::keyword, "func class struct enum protocol extension"},
    Language{"ruby", ".rb", "ruby", Blocks::keyword, "def class module"},
    Language{"php", ".php", "php", Blocks::keyword, "function class interface trait"},
    Language{"perl", ".pl .pm", "perl", Blocks::keyword, "sub package"},
    Language{"lua", ".lua", "lua", Blocks::keyword, "function"},
    Language{"julia", ".jl", "julia", Blocks::keyword, "function struct module"},
    Language{"haskell", ".hs", "", Blocks::keyword, "module data class instance"},
    Language{"elixir", ".ex .exs", "", Blocks::keyword, "def defp defmodule"},
    Language{"shell", ".sh .bash .zsh .fish .ps1", "sh", Blocks::brace, "function"},
    Language{"sql", ".sql", "", Blocks::keyword, "create"},
    Language{"proto", ".proto", "", Blocks::keyword, "message service enum"},
    Language{"zig", ".zig", "", Blocks::keyword, "fn"},
    Language{"dart", ".dart", "", Blocks::brace, kClassWords},
};

bool among(std::string_view words, std::string_view word) {
  for (const std::string_view known : split(words, ' ')) {
    if (known == word) return true;
  }
  return false;
}

const Language* language_of(std::string_view name, std::string_view text) {
  const std::string extension = extension_of(name);
  for (const Language& language : kLanguages) {
    if (!extension.empty() && among(language.extensions, extension)) return &language;
  }
  if (!text.starts_with("#!")) return nullptr;
  const std::string_view line = text.substr(0, text.find('\n'));
  for (const Language& language : kLanguages) {
    if (!language.shebang.empty() && line.find(language.shebang) != std::string_view::npos) return &language;
  }
  return nullptr;
}

// The first word behind modifiers; empty when the line begins with something else.
std::string_view defining_word(std::string_view line) {
  static constexpr std::string_view kModifiers =
      "async export default public private protected static final abstract pub pub(crate) unsafe const inline virtual "
      "open "
      "override sealed internal partial extern local typedef data";
  while (true) {
    const std::size_t end = line.find_first_of(" \t(<{:");
    const std::string_view word = line.substr(0, end);
    if (!among(kModifiers, word) || end == std::string_view::npos) return word;
    line = trim(line.substr(end));
  }
}

// "int main(int argc) {": a name before parentheses and no statement, in languages with braces.
bool opens_function(std::string_view line) {
  static constexpr std::string_view kStatements =
      "if else for while switch return catch do case try throw new delete await foreach using lock elif until";
  const std::size_t open = line.find('(');
  const bool body = line.ends_with('{') && !line.ends_with("= {");
  if (!body || open == std::string_view::npos || open == 0 || line.find("=>") != std::string_view::npos) return false;
  const std::string_view before = trim(line.substr(0, open));
  if (before.empty() || before.find_first_of("=\"';.") != std::string_view::npos || line.front() == '}') return false;
  const char last = before.back();
  return (std::isalnum(static_cast<unsigned char>(last)) != 0 || last == '_') &&
         !among(kStatements, before.substr(0, before.find_first_of(" \t")));
}

bool defines(const Language& language, std::string_view line) {
  if (line.size() > kLongestSymbol || line.ends_with(';') || line.starts_with("//") || line.starts_with('*'))
    return false;
  const std::string_view word = defining_word(line);
  const std::string lower = language.name == "sql" ? ascii_lower(word) : std::string(word);
  if (among(language.words, lower) && line.size() > word.size()) return true;
  return language.blocks == Blocks::brace && opens_function(line);
}

Status read_code(std::string_view name, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  const Language* language = language_of(name, text);
  if (language == nullptr) return {};
  document.meta["language"] = std::string(language->name);
  std::vector<std::size_t> indents;  // of the definitions around
  for (const Span& at : lines_from(text, 0)) {
    const std::string_view line = trim(text_at(text, at));
    if (line.empty() || !defines(*language, line)) continue;
    const std::size_t indent = static_cast<std::size_t>(line.data() - text.data()) - at.begin;
    while (!indents.empty() && indents.back() >= indent) indents.pop_back();
    indents.push_back(indent);
    const std::size_t end = line.find_last_not_of(" {:") + 1;
    const std::size_t begin = at.begin + indent;
    document.headings.push_back({static_cast<int>(std::min(indents.size(), kDeepest)), {begin, begin + end}});
  }
  return {};
}

}  // namespace

constinit const Reader kCodeReader{
    "code",
    ".c .h .cc .cpp .cxx .hpp .hh .inl .cu .py .pyi .js .mjs .cjs .ts .tsx .jsx .java .kt .scala .go .rs .rb .php .pl "
    ".pm .lua .r .jl .swift .m .cs .fs .hs .ml .ex .exs .erl .clj .sh .bash .zsh .fish .ps1 .sql .proto .cmake .toml "
    ".ini .cfg .conf .yaml .yml .css .scss .vue .svelte .asm .s .zig .nim .d .dart",
    "source code and configuration, as text; definitions as headings", read_code};

}  // namespace isogloss::input
