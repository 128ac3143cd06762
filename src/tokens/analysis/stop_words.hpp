// SPDX-License-Identifier: Apache-2.0
// Named lists of stop words.
#pragma once

#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// The words of a list; empty for "none". Error{invalid_argument} names the nearest known list.
Result<std::vector<std::string_view>> stop_list(std::string_view name);

}  // namespace isogloss::tokens
