// SPDX-License-Identifier: Apache-2.0
// Bytes in an 8-bit or CJK charset to UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "input/charset.hpp"
#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {

// Content in the charset that it declares itself, if that is one that iconv knows and that fits; else in the one that
// is guessed. The note of a guess says how plausible the result is: the share of its characters beyond ASCII that are
// letters standing beside a letter of the same script (or marks and punctuation), from 0 to 1.
Decoded to_utf8(std::string_view content, std::string_view declared);

// The content as UTF-8, by `buffer` when it is not; the document gets the notes.
Result<std::string_view> content_text(const Source& source, std::string_view declared, std::string& buffer,
                                      Document& document);

// iconv; nothing when it does not know the charset. Unreadable bytes become U+FFFD.
std::optional<std::string> convert(std::string_view content, const std::string& charset);

}  // namespace isogloss::input::foreign
