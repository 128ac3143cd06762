// SPDX-License-Identifier: Apache-2.0
// A merge of byte-pair encoding as merges.txt and GGUF write it: two pieces with a blank between them.
#pragma once

#include <string>
#include <string_view>

#include "core/text.hpp"
#include "tokens/bpe/bpe.hpp"

namespace isogloss::tokens {

// One of the two is empty: such a merge goes on for ever or does nothing.
inline bool is_cyclic(const Merge& merge) { return merge.joined == merge.left || merge.joined == merge.right; }

// Error{corrupt_data}: `place` ("merges.txt: line 7") and what is wrong there.
inline Result<Merge> read_merge_line(std::string_view line, const Vocabulary& vocabulary, std::uint32_t rank,
                                     const std::string& place) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || line.find(' ', blank + 1) != std::string_view::npos) {
    return fail(Code::corrupt_data,
                place + " is '" + shortened(line, 60) + "'; a merge is two pieces with a blank between them.");
  }
  const std::string joined = std::string(line.substr(0, blank)) + std::string(line.substr(blank + 1));
  const Merge merge{vocabulary.find(line.substr(0, blank)), vocabulary.find(line.substr(blank + 1)),
                    vocabulary.find(joined), rank};
  if (merge.left == PieceTable::kNone || merge.right == PieceTable::kNone || merge.joined == PieceTable::kNone) {
    return fail(Code::corrupt_data,
                place + ", '" + shortened(line, 60) + "', speaks of a piece that the vocabulary lacks.");
  }
  if (is_cyclic(merge))
    return fail(Code::corrupt_data, place + ", '" + shortened(line, 60) + "', makes one of its two pieces again.");
  return merge;
}

}  // namespace isogloss::tokens
