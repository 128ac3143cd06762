// SPDX-License-Identifier: Apache-2.0
// What a file is, by its content first and by its name second.
#pragma once

#include <string>
#include <string_view>

#include "input/reader.hpp"

namespace isogloss::input {

struct Recognised {
  const Reader* reader = nullptr;
  std::string note;  // when name and content disagree
};

// Error{unsupported} for content that no reader takes: it is named, with the remedy.
Result<Recognised> recognise(std::string_view name, std::string_view content);

}  // namespace isogloss::input
