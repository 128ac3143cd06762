// SPDX-License-Identifier: Apache-2.0
// Tables of floret (explosion/floret 0.10), which spaCy reads: text, a header and a row a line, packed or not.
//
//   bucket dim minn maxn hashes 2166136261 < >
//   0 -0.53 0.21 ... \n
//
// They hold neither words nor what the rows were trained against.
#pragma once

#include <filesystem>
#include <string_view>

#include "formats/fasttext_file.hpp"

namespace isogloss::formats {

// By the first line; `head` need not hold all of the file.
bool recognise_floret(std::string_view head);
// Error{corrupt_data} names the line and what is wrong, Error{unsupported} another seed or other marks of words.
Result<FasttextFile> read_floret(const std::filesystem::path& path, Context& context);
Result<FasttextFile> parse_floret(std::string_view content, std::string_view where, Context& context);
// Numbers with five significant digits, as floret writes them. REQUIRES: file.settings.hashes > 0.
Status write_floret_file(const FasttextFile& file, const std::filesystem::path& path);

}  // namespace isogloss::formats
