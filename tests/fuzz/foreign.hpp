// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "fuzz.hpp"
#include "input/foreign/foreign.hpp"
#include "read_document.hpp"

namespace isogloss::fuzz {

using ForeignReader = Result<Document> (*)(const input::foreign::Source& source, Context& context);

inline void read_foreign(ForeignReader read, std::string_view content) {
  const ReadOptions options;
  input::foreign::Budget budget;
  budget.bytes = 20'000'000;
  Context context;
  const auto document = read({"input", content, options, budget}, context);
  if (document) check_document(*document);
}

// A ZIP archive of stored members.
inline std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out, directory;
  const auto number = [](std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
  };
  for (const auto& [name, content] : members) {
    std::uint32_t crc = ~0U;
    for (const char c : content) {
      crc ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
    std::string common;  // of the local header and the directory's entry
    common.append(8, '\0');
    number(common, ~crc, 4);
    number(common, content.size(), 4);
    number(common, content.size(), 4);
    number(common, name.size(), 2);
    directory += std::string("PK\x01\x02\x14\0", 6) + std::string("\x14\0", 2) + common;
    directory.append(12, '\0');
    number(directory, out.size(), 4);
    directory += name;
    out += std::string("PK\x03\x04\x14\0", 6) + common;
    out.append(2, '\0');
    out += name + content;
  }
  const std::size_t start = out.size();
  out += directory + std::string("PK\x05\x06\0\0\0\0", 8);
  number(out, members.size(), 2);
  number(out, members.size(), 2);
  number(out, directory.size(), 4);
  number(out, start, 4);
  number(out, 0, 2);
  return out;
}

}  // namespace isogloss::fuzz
