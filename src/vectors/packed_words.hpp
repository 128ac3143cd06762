// SPDX-License-Identifier: Apache-2.0
// A table of words in one file that is mapped and used where it lies (index/section_file.hpp), kept in the cache of
// packed models: millions of words open in the time of a page fault.
//
//   words.text words.ends words.slots   FrozenWords
//   rows                                f32 (words, dim)
//   codes factors errors                WordScan
//   counts                              u64 (words), or none
#pragma once

#include <filesystem>
#include <string_view>

#include "isogloss/context.hpp"
#include "vectors/word_model.hpp"
#include "vectors/word_table.hpp"

namespace isogloss::vectors {

inline const std::string kPackedMark = "words1-";                      // of the format, in names of the cache
inline constexpr std::uint64_t kPackedFrom = std::uint64_t{64} << 20;  // bytes of a file that is worth it

// What the file will take, nearly.
std::size_t packed_words_bytes(const WordTable& table);
Status write_packed_words(const std::filesystem::path& path, const WordTable& table, std::string_view space_id,
                          Context& context);
// Error{corrupt_data} names a damaged file.
Result<OpenedWords> open_packed_words(const std::filesystem::path& path);

}  // namespace isogloss::vectors
