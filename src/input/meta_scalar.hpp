// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "isogloss/input.hpp"

namespace isogloss::input {

// What a bare word of a table's cell or of front matter stands for: nothing, true or false, a number, or itself. "007"
// stays text, and so do "nan" and "inf", which may be names.
MetaValue meta_scalar(std::string_view text);

}  // namespace isogloss::input
