// SPDX-License-Identifier: Apache-2.0
#include "core/string_pack.hpp"

namespace isogloss {

std::string StringPack::to_lines() const {
  std::string out;
  out.reserve(bytes_.size() + ends_.size());
  const bool plain = bytes_.find_first_of("\n\r\\") == std::string::npos;
  for (std::size_t i = 0; i < size(); ++i) {
    if (plain) {
      out += (*this)[i];
      out += '\n';
      continue;
    }
    for (const char c : (*this)[i]) {
      if (c == '\n' || c == '\r' || c == '\\') out += '\\';
      out += c == '\n' ? 'n' : c == '\r' ? 'r' : c;
    }
    out += '\n';
  }
  return out;
}

StringPack StringPack::from_lines(std::string_view text) {
  StringPack pack;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    for (std::size_t i = at; i < end; ++i) {
      char c = text[i];
      if (c == '\\' && i + 1 < end) {
        c = text[++i];
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
      }
      pack.bytes_ += c;
    }
    pack.ends_.push_back(pack.bytes_.size());
    at = end + 1;
  }
  return pack;
}

}  // namespace isogloss
