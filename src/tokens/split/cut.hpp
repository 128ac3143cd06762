// SPDX-License-Identifier: Apache-2.0
// Shared by the splitters: turns matches of a delimiter into words.
#pragma once

#include <cstring>

#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// Collects the stretches of one word, matching or not, in order; a stretch that is empty is left out.
class Cutter {
 public:
  Cutter(Words& out, Delimiter delimiter) : out_(out), delimiter_(delimiter) {}

  void begin_word() {
    first_ = out_.size();
    previous_match_ = false;
    pending_ = false;
  }

  void stretch(std::uint32_t begin, std::uint32_t end, bool match) {
    if (begin == end) return;
    switch (delimiter_) {
      case Delimiter::removed:
        if (!match) out_.push_back({begin, end});
        break;
      case Delimiter::isolated:
        out_.push_back({begin, end});
        break;
      case Delimiter::contiguous:
        if (match == previous_match_ && out_.size() > first_) {
          out_.back().end = end;
        } else {
          out_.push_back({begin, end});
        }
        break;
      case Delimiter::merged_with_previous:
        if (match && !previous_match_ && out_.size() > first_) {
          out_.back().end = end;
        } else {
          out_.push_back({begin, end});
        }
        break;
      case Delimiter::merged_with_next:
        // Looked at from behind, a match joins what follows it unless that is a match too.
        if (!match && pending_) {
          out_.back().end = end;
        } else {
          out_.push_back({begin, end});
        }
        pending_ = match;
        break;
    }
    previous_match_ = match;
  }

 private:
  Words& out_;
  Delimiter delimiter_;
  std::size_t first_ = 0;  // words of the current word start here
  bool previous_match_ = false;
  bool pending_ = false;
};

// Appends the parts of `word`, which begin at its blanks.
inline void cut_at_blanks(std::string_view text, Word word, Words& out) {
  const char* const begin = text.data() + word.begin;
  const char* const end = text.data() + word.end;
  const char* from = begin;
  while (from < end) {
    const void* const found = std::memchr(from + 1, ' ', static_cast<std::size_t>(end - from - 1));
    const char* const to = found == nullptr ? end : static_cast<const char*>(found);
    out.push_back({static_cast<std::uint32_t>(from - text.data()), static_cast<std::uint32_t>(to - text.data())});
    from = to;
  }
}

// Applies `cut(text, offset, cutter)` to every word; it reports the stretches of `text`, whose first byte is `offset`.
template <class Cut>
void cut_words(SplitState& state, Delimiter delimiter, Cut&& cut) {
  const std::string_view text = state.text->bytes();
  state.next.clear();
  Cutter cutter(state.next, delimiter);
  for (const Word word : state.words) {
    cutter.begin_word();
    cut(text.substr(word.begin, word.end - word.begin), word.begin, cutter);
  }
  state.words.swap(state.next);
}

}  // namespace isogloss::tokens
