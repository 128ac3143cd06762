// SPDX-License-Identifier: Apache-2.0
#include "core/base64.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace isogloss {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Both digits of every 12 bits: two look-ups for three bytes.
struct Pairs {
  std::array<char, 8192> text{};
  constexpr Pairs() {
    for (std::size_t i = 0; i < 4096; ++i) {
      text[2 * i] = kDigits[i >> 6];
      text[2 * i + 1] = kDigits[i & 63];
    }
  }
};
constexpr Pairs kPairs;

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, to += 4) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    std::memcpy(to, &kPairs.text[2 * (group >> 12)], 2);
    std::memcpy(to + 2, &kPairs.text[2 * (group & 4095)], 2);
  }
  if (i == bytes.size()) return;
  const bool two = i + 2 == bytes.size();
  const std::uint32_t group = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0);
  to[0] = kDigits[group >> 18];
  to[1] = kDigits[group >> 12 & 63];
  to[2] = two ? kDigits[group >> 6 & 63] : '=';
  to[3] = '=';
}

Result<std::string> decode_base64(std::string_view text) {
  std::string out;
  if (text.size() % 4 == 0) text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  if (text.size() % 4 == 1) return fail(Code::corrupt_data, "base64 text of this length stands for no bytes.");
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos)
      return fail(Code::corrupt_data, "base64 text holds a character that is no digit of it.");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  return out;
}

}  // namespace isogloss
