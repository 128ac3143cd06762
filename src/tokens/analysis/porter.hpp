// SPDX-License-Identifier: Apache-2.0
// The Porter stemmer of English (M. F. Porter, "An algorithm for suffix stripping", 1980) in its three variants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace isogloss::tokens {

enum class PorterVariant : std::uint8_t {
  original,  // as published
  martin,    // with the author's later changes (bli, logi, words of two letters stay): what Lucene runs
  nltk,      // with NLTK's further changes: what rouge-score runs
};

// Replaces the content of `stem`. Words are taken as they are: lower-case them first. Thread-safe.
void porter_stem(std::string_view word, PorterVariant variant, std::string& stem);

}  // namespace isogloss::tokens
