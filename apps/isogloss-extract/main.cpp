// SPDX-License-Identifier: Apache-2.0
// The worker process: gets a path on standard input, prints the file's text as JSON lines {"text":...}. Libraries that
// parse foreign bytes live here, so that a hostile file can only kill this process.
#include <iconv.h>
#include <uchardet/uchardet.h>

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/unpack.hpp"

namespace {

constexpr std::size_t kMaxFile = 512'000'000;

// The charset uchardet finds; Windows-1252 when it has no opinion (every byte sequence is readable in it).
std::string guess_charset(const std::string& content) {
  uchardet_t detector = uchardet_new();
  uchardet_handle_data(detector, content.data(), content.size());
  uchardet_data_end(detector);
  std::string name = uchardet_get_charset(detector);
  uchardet_delete(detector);
  return name.empty() || name == "ASCII" ? "WINDOWS-1252" : name;
}

bool to_utf8(const std::string& charset, std::string& content, std::string& out) {
  const iconv_t converter = ::iconv_open("UTF-8", charset.c_str());
  if (converter == reinterpret_cast<iconv_t>(std::intptr_t{-1})) return false;
  char* from = content.data();
  std::size_t left = content.size();
  char buffer[65536];
  while (left > 0) {
    char* to = buffer;
    std::size_t room = sizeof buffer;
    const std::size_t done = ::iconv(converter, &from, &left, &to, &room);
    out.append(buffer, static_cast<std::size_t>(to - buffer));
    if (done == static_cast<std::size_t>(-1) && room > 16) {  // an unreadable byte: mark it, go on
      out += "\xEF\xBF\xBD";
      ++from;
      --left;
    }
  }
  ::iconv_close(converter);
  return true;
}

}  // namespace

int main() {
  std::string path;
  if (!std::getline(std::cin, path) || path.empty()) {
    std::cerr << "isogloss-extract: give a path on standard input\n";
    return 2;
  }
  auto content = isogloss::read_unpacked(path, kMaxFile);
  if (!content) {
    std::cerr << content.error().message << "\n";
    return 1;
  }
  const std::string charset = guess_charset(*content);
  std::string text;
  if (!to_utf8(charset, *content, text)) {
    std::cerr << "no converter for charset " << charset << "\n";
    return 1;
  }
  std::string line;
  isogloss::JsonWriter(line).begin_object().field("text", text).field("charset", charset).end_object();
  line += '\n';
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() ? 0 : 1;
}
