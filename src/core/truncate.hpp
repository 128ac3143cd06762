// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// "error", "start" or "end". Error{invalid_argument} begins with `what`, the name of the flag or key.
inline Result<Truncate> parse_truncate(std::string_view text, std::string_view what) {
  if (text == "error") return Truncate::error;
  if (text == "start") return Truncate::start;
  if (text == "end") return Truncate::end;
  return fail(Code::invalid_argument,
              std::string(what) + " must be error, start or end, not '" + std::string(text) + "'.");
}

}  // namespace isogloss
