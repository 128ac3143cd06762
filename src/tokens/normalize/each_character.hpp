// SPDX-License-Identifier: Apache-2.0
// For rules that look at one character at a time.
#pragma once

#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {

// Keeps the characters that keep(c) says, as change(c).
template <class Keep, class Change>
void rewrite_characters(const AlignedText& from, AlignedText& to, Keep keep, Change change) {
  Rewriter out(from, to);
  const std::string_view text = from.bytes();
  while (out.position() < text.size()) {
    const char32_t c = read_code_point(text.data() + out.position());
    if (keep(c)) {
      out.replace(change(c));
    } else {
      out.drop(1);
    }
  }
  out.finish();
}

}  // namespace isogloss::tokens
