// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/byte_alphabet.hpp"

#include <array>

#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {
namespace {

constexpr char32_t kAlphabetEnd = 256 + 68;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<char32_t, 256> kCharacterOf = [] {
  std::array<char32_t, 256> table{};
  char32_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) table[byte] = stands_for_itself(byte) ? byte : next++;
  return table;
}();

constexpr std::array<int, kAlphabetEnd> kByteOf = [] {
  std::array<int, kAlphabetEnd> table{};
  table.fill(-1);
  for (int byte = 0; byte < 256; ++byte) table[kCharacterOf[static_cast<std::size_t>(byte)]] = byte;
  return table;
}();

}  // namespace

char32_t byte_character(char byte) { return kCharacterOf[static_cast<unsigned char>(byte)]; }

std::optional<std::string> bytes_from_alphabet(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += sequence_size(text[at])) {
    const char32_t c = read_code_point(text.data() + at);
    if (c >= kAlphabetEnd || kByteOf[c] < 0) return std::nullopt;
    out.push_back(static_cast<char>(kByteOf[c]));
  }
  return out;
}

std::string bytes_to_alphabet(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) utf8_append(out, byte_character(byte));
  return out;
}

std::string byte_piece(char byte) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  return {'<', '0', 'x', kDigits[value >> 4], kDigits[value & 15], '>'};
}

}  // namespace isogloss::tokens
