// SPDX-License-Identifier: Apache-2.0
// Matchers written by hand for the patterns that byte-level tokenizers really use, chosen by the pattern's text.
#pragma once

#include <string_view>

#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {

// The splitter equal to Split(pattern, isolated) when the pattern is known and leaves no text between its matches; else
// null. splitter_test proves equality with PCRE2.
SplitterPtr known_pattern_splitter(std::string_view pattern);
// The splitter equal to Split(pattern, removed, invert): CLIP's pattern leaves white space between its matches.
SplitterPtr known_removing_splitter(std::string_view pattern);

// The patterns by name, for tests and for rank files, which carry none. "gpt2", "cl100k", "llama3", "qwen2", "o200k",
// "clip"; empty when unknown.
std::string_view known_pattern(std::string_view name);

}  // namespace isogloss::tokens
