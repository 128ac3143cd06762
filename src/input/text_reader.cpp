// SPDX-License-Identifier: Apache-2.0
// Plain text and source code: the content is the text; a title is the first line of prose.
#include "core/text.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kMaxTitle = 120;

Status read_text(std::string_view, const ReadOptions&, Document& document) {
  const std::string_view text = document.text;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  const std::string_view line = trim(text.substr(begin, text.find('\n', begin) - begin));
  if (line.size() <= kMaxTitle) document.title = line;
  return {};
}

Status read_code(std::string_view, const ReadOptions&, Document&) { return {}; }

}  // namespace

constinit const Reader kTextReader{"text", ".txt .text .log .rst .adoc .org .tex .srt .vtt",
                                   "plain text in any charset; also every unknown extension", read_text};

constinit const Reader kCodeReader{
    "code",
    ".c .h .cc .cpp .cxx .hpp .hh .inl .cu .py .pyi .js .mjs .cjs .ts .tsx .jsx .java .kt .scala .go .rs .rb .php .pl "
    ".pm .lua .r .jl .swift .m .cs .fs .hs .ml .ex .exs .erl .clj .sh .bash .zsh .fish .ps1 .sql .proto .cmake .toml "
    ".ini .cfg .conf .yaml .yml .css .scss .vue .svelte .asm .s .zig .nim .d .dart",
    "source code and configuration, as text", read_code};

}  // namespace isogloss::input
