// SPDX-License-Identifier: Apache-2.0
// SentencePiece's own normalisation (Kudo and Richardson 2018; normalizer.cc of version 0.2): the longest key of the
// character map at every place, blanks collapsed and made visible, one put in front.
#pragma once

#include "tokens/normalize/charsmap.hpp"
#include "tokens/normalize/normalizer.hpp"

namespace isogloss::tokens {

struct SentencePieceRules {
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;          // blanks become U+2581
  bool whitespace_as_suffix = false;       // the prefix goes to the end
  std::vector<std::string> user_symbols;   // stay as they are
};
NormalizerPtr sentencepiece_normalizer(Charsmap map, const SentencePieceRules& rules);

}  // namespace isogloss::tokens
