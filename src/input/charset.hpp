// SPDX-License-Identifier: Apache-2.0
// Bytes of a text file -> UTF-8. Unicode forms are decoded here; other charsets are guessed and converted by the worker
// process isogloss-extract (uchardet and iconv live there).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::input {

struct Decoded {
  std::string text;
  std::vector<std::string> notes;  // "byte-order mark removed", "3 invalid bytes replaced"
};

// UTF-8 (with or without mark), UTF-16 and UTF-32 with a mark, UTF-16 without one when its zeros give it away. A few
// stray bytes (fewer than 1 in 1,000) in otherwise valid UTF-8 become U+FFFD with a note. Error{unsupported} for
// binary content.
Result<Decoded> decode_text(std::string_view name, std::string content);

// Neither valid UTF-8 (but for a few stray bytes), nor marked UTF-16/32, nor binary: some 8-bit or CJK charset.
bool needs_charset_detection(std::string_view content);

}  // namespace isogloss::input
