// SPDX-License-Identifier: Apache-2.0
// The tokenisations of sacreBLEU 2.6.0 that need no model.
#pragma once

#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::evaluation {

// Replaces `text` by the text whose words are the tokens.
using BleuTokenizer = void (*)(std::string& text);

// "13a", "none", "char", "intl", "zh". Error{invalid_argument} for another name.
Result<BleuTokenizer> bleu_tokenizer(std::string_view name);

// Steps that tokenisations have in common, in place: from left to right, each over what the one before left.
void replace_all(std::string& text, std::string_view from, std::string_view to);
void unescape(std::string& text);       // &quot; &amp; &lt; &gt;
void space_symbols(std::string& text);  // blanks around the ASCII symbols but ' , - .
void space_points(std::string& text);   // . and , apart unless between digits, - behind a digit

}  // namespace isogloss::evaluation
