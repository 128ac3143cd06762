// SPDX-License-Identifier: Apache-2.0
// The printable character that stands for each byte in byte-level vocabularies (Radford et al. 2019, GPT-2's encoder.py):
// printable Latin-1 stands for itself, the other 68 bytes take U+0100, U+0101, ... in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace isogloss::tokens {

char32_t byte_character(char byte);
// "Ġthe" -> " the". Nothing when a character stands for no byte.
std::optional<std::string> bytes_from_alphabet(std::string_view text);
// " the" -> "Ġthe".
std::string bytes_to_alphabet(std::string_view bytes);

// The piece that stands for a byte in vocabularies with byte fallback: "<0x0A>".
std::string byte_piece(char byte);

}  // namespace isogloss::tokens
