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

}  // namespace isogloss::evaluation
