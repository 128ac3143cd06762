// SPDX-License-Identifier: Apache-2.0
// Regular expressions of tokenizer files are written for Oniguruma with Ruby's syntax and Unicode 16. This rewrites one
// for PCRE2, so that it matches the same texts.
#pragma once

#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// What is rewritten:
//   \p{L}, \P{L}, \p{^L} and other general categories   those of Unicode 16, whatever version PCRE2 has
//   \w \W \d \D \s \S \h \H \b \B, [:word:] [:digit:] [:space:] [:punct:]   Oniguruma's sets
//   [a[bc]], (?m), \u0041, {,3}, x{1,3}+                 what they mean there: a union, dot matches line feeds, ...
// What stays PCRE2's: properties that are no general category (scripts), letters that fold to several ("ß" and "ss").
// Error{unsupported}: intersections ([..&&..]) and negated classes inside classes. The result is for PCRE2_MULTILINE.
Result<std::string> pcre_syntax(std::string_view pattern);

}  // namespace isogloss::tokens
