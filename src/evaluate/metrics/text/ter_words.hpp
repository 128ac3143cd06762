// SPDX-License-Identifier: Apache-2.0
// The words of Tercom's normalisation.
#pragma once

#include <string>
#include <string_view>

#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {

// The text whose pieces between white space are the words.
std::string ter_words(std::string_view text, const TerOptions& options);

}  // namespace isogloss::evaluation
