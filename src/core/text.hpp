// SPDX-License-Identifier: Apache-2.0
// Small helpers on strings that several folders share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace isogloss {

// The pieces between separators; "a,,b" has an empty one, "" has one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
// Without ASCII white space at both ends.
std::string_view trim(std::string_view text);
// ASCII letters to lower case.
std::string ascii_lower(std::string_view text);
// Levenshtein distance in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);
// "2026-11-28T13:05:00Z" of seconds since 1970.
std::string utc_text(std::int64_t seconds);
// "1 file", "2 files".
std::string counted(std::size_t n, std::string_view noun);
// 1536 -> "1.5 KB".
std::string human_bytes(double bytes);
// At most `bytes` bytes of `text`, cut at a code point, with "..." when cut.
std::string shortened(std::string_view text, std::size_t bytes);
// Runs of white space become one blank.
std::string one_line(std::string_view text);

}  // namespace isogloss
